"""The words that invented names are made of, separated by spaces (a space within a word is an underscore)."""

STEMS = (
    "Alder Amberly Arden Ashgrove Åsgard Bärental Beacon Birchwood Bluefjord Brightwell Calder Cedarline "
    "Chalkhill Cinderford Clearwater Coralbay Coppergate Dunmore Eastmere Elmhurst Évreux Fairhaven "
    "Fenwick Firstlight Foxglove Garnet Glenrock Goldcrest Granåsen Greystone Halcyon Harrowgate Hartwell "
    "Hazelbrook Hollowell Iberá Ironbridge Juniper Kestrel Kingsley Kõrgemäe Lakeshore Larkfield Linden "
    "Lønborg Lowland Mapleton Marlow Meridian Millstone Mistral Moorgate Nettlebed Northcote Nørholm "
    "Oakhaven Orchard Osprey Pembury Pinecrest Pōhutu Quarrybank Ravenscar Redfern Ridgeway Riverton "
    "Rosewood Ryefield Saltmarsh Sandhurst São_Bento Silverdale Skálholt Slate Sørvik Stonewall Summerset "
    "Sycamore Tamarack Thornbury Tidewater Trélazé Umber Valebrook Verdant Wainscott Waverly Westmark "
    "Whitlock Willowmere Windrush Wörthsee Yarrow Yewdale Żabno Zephyr"
)
"""First words of companies."""

FIRST = (
    "Aaron Abigail Ahmed Aisha Alejandro Alice Amara Ana André Anja Anna Anton Beatriz Ben Björn Camille "
    "Carlos Chidi Chloé Clara Daniel David Dimitri Elena Élodie Emeka Emma Erik Esther Fatima Felix Fiona "
    "François Freya Gabriel Grace Hana Hannah Hassan Helen Ibrahim Ines Ingrid Isaac Ivan Jakub James "
    "Jelena Jens Joana José Julia Jürgen Kai Karen Katarína Kofi Lars Laura Layla Lena Leon Li Lucía "
    "Łukasz Maja Marco Maria Marta Mateo Mei Michael Miriam Mohamed Nadia Naomi Nikolaj Nina Noah Nuno "
    "Oliver Olivia Omar Paolo Paul Petra Priya Rachel Raj Rosa Ruben Ruth Samir Sara Søren Sofia Stefan "
    "Sunita Tariq Teresa Thomas Tomáš Uma Victor Vera Wanjiru Wei William Yara Yusuf Yuki Zoë Zuzana 伟 芳"
)
"""First names."""

LAST = (
    "Abbott Adeyemi Ainsley Akhtar Almeida Andersson Aoki Arslan Baker Banerjee Barros Becker Bianchi "
    "Björnsdóttir Blake Brennan Carter Castillo Chandra Chen Clarke Costa Dahl Davies Diallo Dubois "
    "Dvořák Edwards Eriksen Farouk Fernández Fischer Fletcher Fontaine Fraser Gallo García Gibson Gómez "
    "Grant Gunnarsson Haddad Hansen Harper Hayes Hoffmann Horváth Hughes Ibarra Iqbal Ito Jansen "
    "Johansson Jónsson Kaplan Kaya Keller Khan Kim Kovács Kowalski Krüger Kumar Lambert Larsen Lefèvre "
    "Lindqvist Lopes Lund Maier Mäkinen Malik Marín Martins Mbeki Mendes Meyer Moreau Müller Murphy "
    "Nakamura Nguyễn Nielsen Novák Núñez O'Connor Okafor Olsen Østergaard Owusu Papadakis Park Patel "
    "Pereira Petrov Popescu Quinn Ramírez Reid Renard Ricci Rossi Ruiz Sato Schäfer Schmidt Šimić Silva "
    "Singh Søndergaard Svensson Tanaka Taylor Turner Ueda Vargas Vogel Walsh Weber Weiß Wójcik Yıldız "
    "Young Zhang Zieliński"
)
"""Last names."""

KINDS = {
    "manufacturing": "Castings Components Fabrication Foundry Industries Instruments Precision Tooling Werke Works",
    "logistics": "Cargo Carriers Cold_Chain Distribution Forwarding Freight Haulage Logistics Shipping Transport",
    "professional_services": "Advisory Architects Associates Consulting Engineers Group Law Partners Research Surveys",
    "healthcare_non_clinical": "Care Care_Homes Diagnostics Health Labs Lenses Medical Pharmacy Supplies Wellness",
    "": "Bazaar Boutique Emporium Gifts Homeware Interiors Living Store Trading Wholesale",
}
"""Second words of companies by industry, ten each; "" is a trader."""
