<?php
// Makes the blog of a JSON file: `php wordpress.php ROOT FILE`. Posts are known by their slugs.

define('WP_INSTALLING', true);
[, $root, $file] = $argv;
$told = json_decode(file_get_contents($file), true);
$_SERVER['HTTP_HOST'] = parse_url($told['origin'], PHP_URL_HOST) . ':' . parse_url($told['origin'], PHP_URL_PORT);
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['PHP_SELF'] = '/index.php';
require $root . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if (!is_blog_installed()) {
    wp_install($told['title'], 'admin', 'admin@chalk.example', true, '', wp_generate_password());
    foreach (get_posts(['post_type' => ['post', 'page'], 'post_status' => 'any', 'numberposts' => -1]) as $post) {
        wp_delete_post($post->ID, true);
    }
    wp_insert_post(['post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'About', 'post_name' => 'about',
                    'post_content' => $told['about']]);
}
wp_installing(false);
update_option('siteurl', $told['origin']);
update_option('home', $told['origin']);
update_option('timezone_string', $told['zone']);
update_option('thread_comments', 1);
update_option('page_comments', 1);
update_option('comments_per_page', 10);
update_option('template', $told['theme']);
update_option('stylesheet', $told['theme']);
$GLOBALS['wp_rewrite']->set_permalink_structure('/%year%/%monthnum%/%postname%/');
create_initial_taxonomies();
flush_rewrite_rules(false);
kses_remove_filters();

function author_called($name) {
    $login = sanitize_title($name);
    $user = get_user_by('login', $login);
    return $user ? $user->ID : wp_insert_user(
        ['user_login' => $login, 'user_pass' => wp_generate_password(), 'display_name' => $name, 'role' => 'author']);
}

function category_called($name) {
    $term = term_exists($name, 'category') ?: wp_insert_term($name, 'category');
    return (int) $term['term_id'];
}

$known = [];
foreach (get_posts(['numberposts' => -1]) as $post) {
    $known[$post->post_name] = $post;
}
foreach ($told['posts'] as $each) {
    $row = ['post_title' => $each['title'], 'post_name' => $each['slug'], 'post_status' => 'publish',
            'post_author' => author_called($each['author']), 'post_date' => $each['moment'],
            'post_date_gmt' => get_gmt_from_date($each['moment']), 'post_content' => $each['text'],
            'post_category' => array_map('category_called', $each['categories']), 'tags_input' => $each['tags']];
    $post = $known[$each['slug']] ?? null;
    unset($known[$each['slug']]);
    if ($post !== null) {
        if ($post->post_content !== $each['text']) {
            wp_update_post(wp_slash(['ID' => $post->ID] + $row));
        }
        continue;
    }
    $id = wp_insert_post(wp_slash($row));
    $numbers = [];
    foreach ($each['comments'] as $place => $comment) {
        $parent = $comment['parent'] === null ? 0 : $numbers[$comment['parent']];
        $numbers[$place] = wp_insert_comment([
            'comment_post_ID' => $id, 'comment_author' => $comment['author'], 'comment_content' => $comment['text'],
            'comment_parent' => $parent, 'comment_approved' => 1, 'comment_date' => $comment['moment'],
            'comment_date_gmt' => get_gmt_from_date($comment['moment'])]);
    }
}
foreach ($known as $post) {
    wp_delete_post($post->ID, true);
}
