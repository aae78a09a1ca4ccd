"""What more leads, marketing and quality bring."""
