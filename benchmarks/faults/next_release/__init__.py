"""The next release, as far as a deploy is concerned: the product and one more migration."""
