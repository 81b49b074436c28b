"""The archive for MCP clients (Model Context Protocol)."""
