"""What a person reads in a terminal. CRM text is made safe here."""
