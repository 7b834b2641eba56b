//! The names of all published products, taken in as they are published. The table is no part of this repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use super::import::key;
use super::{Names, Origin, products};
use crate::inventory::tests::{reference, store, tell};

/// Id, part number and name of each product of a list; the last one twice, with its further names, in the other list.
fn list(path: &Path) -> Vec<[String; 3]> {
    let mut reader = csv::Reader::from_reader(File::open(path).expect("a list"));
    let cells = reader.records().map(|record| record.expect("a record"));
    cells.map(|record| [0, 1, 2].map(|at| record[at].to_owned())).collect()
}

/// The published form: a line for each product and plan. Products without a known plan have a line without one.
fn published(products: &[[String; 3]], aliases: &[[String; 3]], folder: &Path) -> Vec<u8> {
    let mut plans: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(folder.join("sku_plans.csv")).expect("pairs");
    for pair in reader.records().map(|record| record.expect("a pair")) {
        plans.entry(pair[0].to_owned()).or_default().push(pair[1].to_owned());
    }
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer
        .write_record([
            "Product_Display_Name",
            "String_Id",
            "GUID",
            "Service_Plan_Name",
            "Service_Plan_Id",
            "Service_Plans_Included_Friendly_Names",
        ])
        .expect("written");
    let none = vec![String::new()];
    for [id, part, name] in products.iter().chain(aliases) {
        for plan in plans.get(id).unwrap_or(&none) {
            // Blanks that do not break stand in the published names.
            let name = name.replacen(' ', "\u{a0}", 1);
            writer.write_record([&name, part, &id.to_uppercase(), "PLAN", plan, "Plan"]).expect("written");
        }
    }
    writer.into_inner().expect("bytes")
}

#[test]
fn every_published_name_is_taken_and_resolves_and_so_does_every_older_one() {
    let Some(folder) = reference("skus", "skus.csv") else { return };
    let (all, aliases) = (list(&folder.join("skus.csv")), list(&folder.join("sku_aliases.csv")));
    assert_eq!((all.len(), aliases.len()), (635, 130));
    let (_home, mut store) = store();
    let imported = store.import_catalogue(published(&all, &aliases, &folder).as_slice()).expect("taken");
    assert_eq!((imported.products, imported.refused, imported.pairs), (635, 0, 5959));
    let names = Names::of(&store.db).expect("names");
    for [id, _, name] in &all {
        let found = names.resolve(&id.to_uppercase(), "");
        assert_eq!((found.name.as_str(), found.origin), (name.as_str(), Origin::Imported), "{id}");
    }
    // Ids are the key; a part number answers only where one product has it.
    let mut parts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for [_, part, name] in &all {
        parts.entry(part.to_lowercase()).or_default().push(name);
    }
    for [_, part, _] in &all {
        let (found, have) = (names.resolve("00000000-0000-0000-0000-000000000000", part), &parts[&part.to_lowercase()]);
        match have.as_slice() {
            [one] => assert_eq!(found.name, **one, "{part}"),
            _ => assert_eq!((found.name.as_str(), found.origin), (part.as_str(), Origin::Unknown)),
        }
    }
    let shared: Vec<&String> = parts.iter().filter(|(_, names)| names.len() > 1).map(|(part, _)| part).collect();
    assert_eq!(shared, ["mcopstn5"]);
    let unknown = names.resolve("00000000-0000-0000-0000-000000000000", "BRAND_NEW");
    assert_eq!((unknown.name.as_str(), unknown.origin), ("BRAND_NEW", Origin::Unknown));

    // A name leads to its products, by its own spelling or by an older one.
    let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for [id, _, name] in &all {
        by_name.entry(key(name)).or_default().insert(id.clone());
    }
    let mut select = store.db.prepare("SELECT name_key, sku_id FROM cat_alias").expect("a question");
    let rows = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).expect("rows");
    let mut further = 0;
    for (name, id) in rows.map(|row| row.expect("a row")) {
        by_name.entry(name).or_default().insert(id);
        further += 1;
    }
    let mut alone = 0;
    for [id, _, name] in &aliases {
        let found = by_name.get(&key(name)).unwrap_or_else(|| panic!("{name} leads nowhere"));
        assert!(found.contains(id), "{name}");
        alone += usize::from(found.len() == 1);
    }
    let shared = by_name.values().filter(|ids| ids.len() > 1).count();
    assert_eq!((by_name.len(), shared, alone), (661, 16, 123));
    let mut many: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for [id, _, name] in all.iter().chain(&aliases) {
        many.entry(id).or_default().insert(key(name));
    }
    let three = many.values().filter(|names| names.len() == 3).count();
    tell(&format!("{further} further names of {} products; {three} products have three", imported.products));
}

#[test]
fn names_with_a_plus_in_them_stay_whole_wherever_they_stand_in_a_cell() {
    let Some(folder) = reference("skus", "skus.csv") else { return };
    let all: Vec<String> = list(&folder.join("skus.csv")).iter().map(|[_, _, name]| name.to_uppercase()).collect();
    let plus: Vec<&String> = all.iter().filter(|name| name.contains('+')).collect();
    assert_eq!(plus.len(), 7, "{plus:?}");
    for name in &all {
        assert_eq!(products(name), [name.as_str()]);
        for with in &plus {
            assert_eq!(products(&format!("{with}+{name}+{with}")), [with.as_str(), name, with]);
        }
    }
    assert_eq!(products(&all.join("+")), all.iter().map(String::as_str).collect::<Vec<_>>());
}
