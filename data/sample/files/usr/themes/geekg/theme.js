function more_archives() {
  var list = document.getElementById("archives_body");
  list.style.maxHeight = list.offsetHeight + 2048 + "px";
}
