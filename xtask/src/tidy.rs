//! `cargo xtask tidy`: the house rules that a machine can check. It runs as a test as well.

mod codes;
mod failures;
mod links;
mod ranks;
mod texts;

use anyhow::{Result, bail};

use crate::shell::{exists, root, run, step};

pub(crate) fn task() -> Result<()> {
    let findings = findings()?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    if exists("cargo-deny", "--version") {
        step("checking licences and advisories");
        run(crate::shell::cargo().args(["deny", "check"]))?;
    }
    println!("tidy: ok");
    Ok(())
}

/// Everything that is not as the house rules say, a line each.
pub(crate) fn findings() -> Result<Vec<String>> {
    let root = root();
    let mut findings = ranks::check()?;
    let files = texts::tracked(&root)?;
    findings.extend(texts::check(&root, &files)?);
    findings.extend(codes::check(&root, &files)?);
    findings.extend(failures::check(&root, &files)?);
    findings.extend(links::check(&root, &files)?);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_house_is_tidy() {
        let findings = super::findings().expect("tidy can look at the house");
        assert!(findings.is_empty(), "\n{}", findings.join("\n"));
    }
}
