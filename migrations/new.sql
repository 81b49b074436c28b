CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE captures (
	id INTEGER NOT NULL, 
	url VARCHAR NOT NULL, 
	target_uri VARCHAR NOT NULL, 
	run_id INTEGER NOT NULL, 
	fetched_at VARCHAR NOT NULL, 
	status INTEGER NOT NULL, 
	content_type VARCHAR NOT NULL, 
	payload_sha256 VARCHAR NOT NULL, 
	warc_file VARCHAR NOT NULL, 
	warc_offset INTEGER NOT NULL, 
	warc_length INTEGER NOT NULL, 
	record_id VARCHAR NOT NULL, 
	revisit_of VARCHAR, 
	etag VARCHAR, 
	last_modified VARCHAR, 
	truncated VARCHAR, 
	CONSTRAINT pk_captures PRIMARY KEY (id), 
	CONSTRAINT fk_captures_run_id FOREIGN KEY(run_id) REFERENCES runs (id), 
	CONSTRAINT uq_captures_warc_file_warc_offset UNIQUE (warc_file, warc_offset)
);

CREATE INDEX ix_captures_payload_sha256 ON captures (payload_sha256);

CREATE INDEX ix_captures_run_id ON captures (run_id);

CREATE INDEX ix_captures_url_fetched_at ON captures (url, fetched_at);

CREATE TABLE categories (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	slug VARCHAR NOT NULL, 
	CONSTRAINT pk_categories PRIMARY KEY (id), 
	CONSTRAINT uq_categories_slug UNIQUE (slug)
);

CREATE TABLE post_categories (
	post_id INTEGER NOT NULL, 
	category_id INTEGER NOT NULL, 
	CONSTRAINT pk_post_categories PRIMARY KEY (post_id, category_id), 
	CONSTRAINT fk_post_categories_category_id FOREIGN KEY(category_id) REFERENCES categories (id), 
	CONSTRAINT fk_post_categories_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX ix_post_categories_category_id ON post_categories (category_id);

CREATE TABLE tags (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_tags PRIMARY KEY (id), 
	CONSTRAINT uq_tags_name UNIQUE (name)
);

CREATE TABLE post_tags (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	tag_id INTEGER NOT NULL, 
	CONSTRAINT pk_post_tags PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_post_tags_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT fk_post_tags_tag_id FOREIGN KEY(tag_id) REFERENCES tags (id)
);

CREATE INDEX ix_post_tags_tag_id ON post_tags (tag_id);

CREATE TABLE topics (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	CONSTRAINT pk_topics PRIMARY KEY (id), 
	CONSTRAINT uq_topics_position UNIQUE (position)
);

CREATE TABLE code_blocks (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	language VARCHAR NOT NULL, 
	code VARCHAR NOT NULL, 
	CONSTRAINT pk_code_blocks PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_code_blocks_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE TABLE images (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	url VARCHAR NOT NULL, 
	alt VARCHAR NOT NULL, 
	caption VARCHAR NOT NULL, 
	CONSTRAINT pk_images PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_images_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX ix_images_url ON images (url);

CREATE TABLE links (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	url VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	target_post_id INTEGER, 
	CONSTRAINT pk_links PRIMARY KEY (post_id, position), 
	CONSTRAINT fk_links_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX ix_links_target_post_id ON links (target_post_id);

CREATE INDEX ix_links_url ON links (url);

CREATE TABLE post_stats (
	post_id INTEGER NOT NULL, 
	seen_at VARCHAR NOT NULL, 
	reader_count INTEGER, 
	comment_count INTEGER, 
	CONSTRAINT pk_post_stats PRIMARY KEY (post_id, seen_at), 
	CONSTRAINT fk_post_stats_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE TABLE external_references (
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	identifier VARCHAR NOT NULL, 
	version INTEGER, 
	url VARCHAR NOT NULL, 
	CONSTRAINT pk_external_references PRIMARY KEY (post_id, position), 
	CONSTRAINT ck_external_references_kind CHECK (kind IN ('arxiv', 'doi', 'github')), 
	CONSTRAINT fk_external_references_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX ix_external_references_kind_identifier ON external_references (kind, identifier);

CREATE TABLE series (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	CONSTRAINT pk_series PRIMARY KEY (id), 
	CONSTRAINT fk_series_id FOREIGN KEY(id) REFERENCES posts (id)
);

CREATE TABLE series_posts (
	series_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	post_id INTEGER NOT NULL, 
	label VARCHAR NOT NULL, 
	CONSTRAINT pk_series_posts PRIMARY KEY (series_id, position), 
	CONSTRAINT fk_series_posts_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT fk_series_posts_series_id FOREIGN KEY(series_id) REFERENCES series (id), 
	CONSTRAINT uq_series_posts_post_id UNIQUE (post_id)
);

CREATE TABLE doubts (
	subject VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	first_seen_at VARCHAR NOT NULL, 
	last_seen_at VARCHAR NOT NULL, 
	last_run INTEGER NOT NULL, 
	runs INTEGER NOT NULL, 
	days INTEGER NOT NULL, 
	accepted BOOLEAN NOT NULL, 
	CONSTRAINT pk_doubts PRIMARY KEY (subject), 
	CONSTRAINT ck_doubts_kind CHECK (kind IN ('list', 'pages', 'part')), 
	CONSTRAINT ck_doubts_accepted CHECK (accepted IN (0, 1))
);

CREATE TABLE "frontier" (
	url VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	reason VARCHAR, 
	permanent BOOLEAN NOT NULL, 
	attempts INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	failed_since VARCHAR, 
	priority INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	not_before VARCHAR, 
	first_seen_at VARCHAR NOT NULL, 
	last_done_at VARCHAR, 
	run_id INTEGER NOT NULL, 
	CONSTRAINT pk_frontier PRIMARY KEY (url), 
	CONSTRAINT ck_frontier_state CHECK (state IN ('pending', 'leased', 'done', 'failed', 'skipped')), 
	CONSTRAINT ck_frontier_permanent CHECK (permanent IN (0, 1)), 
	CONSTRAINT fk_frontier_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE INDEX ix_frontier_state_priority_seq ON frontier (state, priority, seq);

CREATE INDEX ix_frontier_seq ON frontier (seq);

CREATE TABLE "runs" (
	id INTEGER NOT NULL, 
	started_at VARCHAR NOT NULL, 
	finished_at VARCHAR, 
	command VARCHAR NOT NULL, 
	blog VARCHAR, 
	site VARCHAR, 
	version VARCHAR NOT NULL, 
	cycle INTEGER, 
	outcome VARCHAR, 
	exit_code INTEGER, 
	rest_until VARCHAR, 
	counts VARCHAR NOT NULL, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);

CREATE TABLE "comments" (
	id INTEGER NOT NULL, 
	post_id INTEGER NOT NULL, 
	parent_id INTEGER, 
	page INTEGER NOT NULL, 
	author VARCHAR NOT NULL, 
	author_url VARCHAR, 
	is_owner BOOLEAN NOT NULL, 
	published_on VARCHAR, 
	is_trackback BOOLEAN NOT NULL, 
	markdown VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	first_seen_at VARCHAR NOT NULL, 
	last_seen_at VARCHAR NOT NULL, 
	deleted_at VARCHAR, 
	quotes_id INTEGER, 
	kind VARCHAR DEFAULT 'comment' NOT NULL, 
	content_sha256 VARCHAR, 
	capture_id INTEGER, 
	notes VARCHAR DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_comments PRIMARY KEY (id), 
	CONSTRAINT ck_comments_is_trackback CHECK (is_trackback IN (0, 1)), 
	CONSTRAINT ck_comments_is_owner CHECK (is_owner IN (0, 1)), 
	CONSTRAINT fk_comments_parent_id FOREIGN KEY(parent_id) REFERENCES comments (id), 
	CONSTRAINT fk_comments_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT ck_comments_kind CHECK (kind IN ('comment', 'pingback', 'trackback')), 
	CONSTRAINT fk_comments_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
);

CREATE INDEX ix_comments_post_id_parent_id ON comments (post_id, parent_id);

CREATE INDEX ix_comments_parent_id ON comments (parent_id);

CREATE INDEX ix_comments_post_id_page_deleted_at ON comments (post_id, page, deleted_at);

CREATE TABLE comment_revisions (
	comment_id INTEGER NOT NULL, 
	replaced_at VARCHAR NOT NULL, 
	seen_at VARCHAR NOT NULL, 
	capture_id INTEGER, 
	author VARCHAR NOT NULL, 
	author_url VARCHAR, 
	markdown VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_comment_revisions PRIMARY KEY (comment_id, replaced_at), 
	CONSTRAINT fk_comment_revisions_comment_id FOREIGN KEY(comment_id) REFERENCES comments (id), 
	CONSTRAINT fk_comment_revisions_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
);

CREATE TABLE comment_pages (
	post_id INTEGER NOT NULL, 
	page INTEGER NOT NULL, 
	seen_at VARCHAR NOT NULL, 
	shown INTEGER NOT NULL, 
	unread INTEGER NOT NULL, 
	issues VARCHAR NOT NULL, 
	CONSTRAINT pk_comment_pages PRIMARY KEY (post_id, page), 
	CONSTRAINT fk_comment_pages_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE TABLE page_endings (
	kind VARCHAR NOT NULL, 
	ending VARCHAR NOT NULL, 
	pages INTEGER NOT NULL, 
	CONSTRAINT pk_page_endings PRIMARY KEY (kind, ending)
);

CREATE TABLE revisions (
	id INTEGER NOT NULL, 
	post_id INTEGER NOT NULL, 
	capture_id INTEGER NOT NULL, 
	seen_at VARCHAR NOT NULL, 
	content_sha256 VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	markdown VARCHAR, 
	text VARCHAR, 
	extractor_version INTEGER NOT NULL, 
	engine VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	issues VARCHAR NOT NULL, 
	notes VARCHAR NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (id), 
	CONSTRAINT ck_revisions_status CHECK (status IN ('good', 'review')), 
	CONSTRAINT fk_revisions_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id), 
	CONSTRAINT fk_revisions_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
);

CREATE INDEX ix_revisions_capture_id ON revisions (capture_id);

CREATE INDEX ix_revisions_post_id_content_sha256 ON revisions (post_id, content_sha256);

CREATE TABLE "posts" (
	id INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	url VARCHAR NOT NULL, 
	author VARCHAR NOT NULL, 
	published_on VARCHAR, 
	markdown VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	license VARCHAR, 
	license_url VARCHAR, 
	reader_count INTEGER, 
	comment_count INTEGER, 
	status VARCHAR NOT NULL, 
	first_seen_at VARCHAR NOT NULL, 
	last_seen_at VARCHAR NOT NULL, 
	last_changed_at VARCHAR NOT NULL, 
	current_revision_id INTEGER, 
	missing_runs INTEGER NOT NULL, 
	comments_owed INTEGER NOT NULL, 
	CONSTRAINT pk_posts PRIMARY KEY (id), 
	CONSTRAINT ck_posts_status CHECK (status IN ('live', 'gone')), 
	CONSTRAINT uq_posts_url UNIQUE (url), 
	CONSTRAINT fk_posts_current_revision_id FOREIGN KEY(current_revision_id) REFERENCES revisions (id)
);

CREATE INDEX ix_posts_published_on ON posts (published_on);

CREATE TABLE pages (
	id INTEGER NOT NULL, 
	url VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	markdown VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	engine VARCHAR NOT NULL, 
	issues VARCHAR NOT NULL, 
	content_sha256 VARCHAR NOT NULL, 
	capture_id INTEGER NOT NULL, 
	first_seen_at VARCHAR NOT NULL, 
	last_seen_at VARCHAR NOT NULL, 
	last_changed_at VARCHAR NOT NULL, 
	CONSTRAINT pk_pages PRIMARY KEY (id), 
	CONSTRAINT fk_pages_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id), 
	CONSTRAINT uq_pages_url UNIQUE (url)
);

CREATE TABLE page_revisions (
	page_id INTEGER NOT NULL, 
	replaced_at VARCHAR NOT NULL, 
	seen_at VARCHAR NOT NULL, 
	capture_id INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	markdown VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	CONSTRAINT pk_page_revisions PRIMARY KEY (page_id, replaced_at), 
	CONSTRAINT fk_page_revisions_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id), 
	CONSTRAINT fk_page_revisions_page_id FOREIGN KEY(page_id) REFERENCES pages (id)
);

CREATE TABLE page_comments (
	page_id INTEGER NOT NULL, 
	id INTEGER NOT NULL, 
	parent_id INTEGER, 
	page INTEGER NOT NULL, 
	author VARCHAR NOT NULL, 
	author_url VARCHAR, 
	is_owner BOOLEAN NOT NULL, 
	is_trackback BOOLEAN NOT NULL, 
	published_on VARCHAR, 
	markdown VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	first_seen_at VARCHAR NOT NULL, 
	last_seen_at VARCHAR NOT NULL, 
	deleted_at VARCHAR, 
	quotes_id INTEGER, 
	kind VARCHAR NOT NULL, 
	content_sha256 VARCHAR NOT NULL, 
	notes VARCHAR NOT NULL, 
	CONSTRAINT pk_page_comments PRIMARY KEY (page_id, id), 
	CONSTRAINT ck_page_comments_kind CHECK (kind IN ('comment', 'pingback', 'trackback')), 
	CONSTRAINT fk_page_comments_page_id FOREIGN KEY(page_id) REFERENCES pages (id), 
	CONSTRAINT ck_page_comments_is_owner CHECK (is_owner IN (0, 1)), 
	CONSTRAINT ck_page_comments_is_trackback CHECK (is_trackback IN (0, 1))
);

CREATE TABLE files (
	url VARCHAR NOT NULL, 
	content_type VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	capture_id INTEGER NOT NULL, 
	first_seen_at VARCHAR NOT NULL, 
	last_seen_at VARCHAR NOT NULL, 
	CONSTRAINT pk_files PRIMARY KEY (url), 
	CONSTRAINT fk_files_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
);

CREATE TABLE embedded_pictures (
	url VARCHAR NOT NULL, 
	media_type VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_embedded_pictures PRIMARY KEY (url)
);

CREATE TABLE "topic_posts" (
	topic_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	post_id INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	url VARCHAR NOT NULL, 
	CONSTRAINT pk_topic_posts PRIMARY KEY (topic_id, position), 
	CONSTRAINT fk_topic_posts_topic_id FOREIGN KEY(topic_id) REFERENCES topics (id)
);

CREATE INDEX ix_topic_posts_post_id ON topic_posts (post_id);

CREATE TABLE "sightings" (
	post_id INTEGER NOT NULL, 
	source VARCHAR NOT NULL, 
	title VARCHAR NOT NULL, 
	published_on VARCHAR, 
	comment_count INTEGER, 
	run_id INTEGER NOT NULL, 
	modified_at VARCHAR, 
	CONSTRAINT pk_sightings PRIMARY KEY (post_id, source), 
	CONSTRAINT fk_sightings_run_id FOREIGN KEY(run_id) REFERENCES runs (id)
);

CREATE INDEX ix_sightings_run_id ON sightings (run_id);

CREATE TABLE warc_files (
	name VARCHAR NOT NULL, 
	url VARCHAR, 
	spool VARCHAR, 
	size INTEGER, 
	sha256 VARCHAR, 
	closed_at VARCHAR, 
	uploaded_at VARCHAR, 
	lost_at VARCHAR, 
	CONSTRAINT pk_warc_files PRIMARY KEY (name)
);

CREATE TABLE post_vectors (
	post_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	vectors BLOB NOT NULL, 
	CONSTRAINT pk_post_vectors PRIMARY KEY (post_id), 
	CONSTRAINT fk_post_vectors_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT fk_post_vectors_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (id)
);

CREATE TABLE shapes (
	id INTEGER NOT NULL, 
	tokens VARCHAR NOT NULL, 
	CONSTRAINT pk_shapes PRIMARY KEY (id)
);

CREATE TABLE comment_formulas (
	comment_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	tex VARCHAR NOT NULL, 
	shape_id INTEGER, 
	CONSTRAINT pk_comment_formulas PRIMARY KEY (comment_id, position), 
	CONSTRAINT fk_comment_formulas_comment_id FOREIGN KEY(comment_id) REFERENCES comments (id), 
	CONSTRAINT fk_comment_formulas_shape_id FOREIGN KEY(shape_id) REFERENCES shapes (id)
);

CREATE INDEX ix_comment_formulas_shape_id ON comment_formulas (shape_id);

CREATE TABLE "formulas" (
	id INTEGER NOT NULL, 
	post_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	display BOOLEAN NOT NULL, 
	environment VARCHAR, 
	label VARCHAR, 
	tag VARCHAR, 
	tex VARCHAR NOT NULL, 
	provenance VARCHAR DEFAULT 'served' NOT NULL, 
	converter VARCHAR, 
	shape_id INTEGER, 
	CONSTRAINT pk_formulas PRIMARY KEY (id), 
	CONSTRAINT ck_formulas_provenance CHECK (provenance IN ('served', 'annotation', 'attribute', 'converted')), 
	CONSTRAINT ck_formulas_display CHECK (display IN (0, 1)), 
	CONSTRAINT fk_formulas_post_id FOREIGN KEY(post_id) REFERENCES posts (id), 
	CONSTRAINT fk_formulas_shape_id FOREIGN KEY(shape_id) REFERENCES shapes (id)
);

CREATE INDEX ix_formulas_post_id_position ON formulas (post_id, position);

CREATE INDEX ix_formulas_shape_id ON formulas (shape_id);

CREATE TABLE "page_formulas" (
	page_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	display BOOLEAN NOT NULL, 
	environment VARCHAR, 
	label VARCHAR, 
	tag VARCHAR, 
	tex VARCHAR NOT NULL, 
	provenance VARCHAR DEFAULT 'served' NOT NULL, 
	converter VARCHAR, 
	shape_id INTEGER, 
	CONSTRAINT pk_page_formulas PRIMARY KEY (page_id, position), 
	CONSTRAINT ck_page_formulas_display CHECK (display IN (0, 1)), 
	CONSTRAINT ck_page_formulas_provenance CHECK (provenance IN ('served', 'annotation', 'attribute', 'converted')), 
	CONSTRAINT fk_page_formulas_page_id FOREIGN KEY(page_id) REFERENCES pages (id), 
	CONSTRAINT fk_page_formulas_shape_id FOREIGN KEY(shape_id) REFERENCES shapes (id)
);

CREATE INDEX ix_page_formulas_shape_id ON page_formulas (shape_id);

CREATE VIRTUAL TABLE posts_fts USING fts5(title, text, content = '', tokenize = "unicode61 remove_diacritics 2 tokenchars '⁠'");

CREATE VIRTUAL TABLE pairs_fts USING fts5(pairs, content = '', tokenize = "unicode61 remove_diacritics 2 tokenchars '⁠'", detail = none);

CREATE VIRTUAL TABLE pages_fts USING fts5(title, text, content = '', tokenize = "unicode61 remove_diacritics 2 tokenchars '⁠'");

CREATE VIRTUAL TABLE comments_fts USING fts5(author, text, content = '', tokenize = "unicode61 remove_diacritics 2 tokenchars '⁠'");

CREATE VIRTUAL TABLE formulas_fts USING fts5(tex, content="formulas", content_rowid="id", tokenize = "trigram case_sensitive 1");

CREATE VIRTUAL TABLE shapes_fts USING fts5(tokens, content = '', tokenize = 'ascii');

INSERT INTO alembic_version VALUES ('0018')