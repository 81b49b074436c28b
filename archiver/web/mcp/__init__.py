"""The archive for programs that converse, by the Model Context Protocol."""
