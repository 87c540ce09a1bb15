"""The module that Mainspring is measured with: one table and one empty job."""
