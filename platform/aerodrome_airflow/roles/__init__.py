"""Who holds which role: what a deploy sets up, and what follows the company's directory from then on."""
