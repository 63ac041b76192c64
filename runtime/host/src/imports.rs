//! What a plugin asks for, read from its bytes before anything is compiled.

use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use crate::error::{Error, FOREIGN_IMPORT, NO_CONNECTOR, NOT_A_COMPONENT, WRONG_VERSION};

/// The contract's package.
const PACKAGE: &str = "dragoman:connector/";
/// The versions that this host serves, as `major.minor`.
pub const SERVED: &[&str] = &["0.1"];
/// The interfaces of the contract that a plugin may import, and what each lets it do.
const INTERFACES: &[(&str, &str)] = &[
    ("types", "names the contract's types"),
    ("context", "reads the call's facts and its configuration"),
    ("log", "writes lines to the log"),
    ("clock", "reads the time"),
    ("random", "reads random bytes"),
    ("documents", "reads the call's documents and makes new ones"),
    (
        "http",
        "sends requests to the endpoints that the operator grants by name",
    ),
    ("credentials", "signs with granted credentials without seeing them"),
    (
        "credentials-reveal",
        "sees the values of credentials that are granted so",
    ),
    ("state", "keeps state for its connection"),
];

/// What a component asks for and gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imports {
    /// The contract's interfaces it imports, without package and version, in order.
    pub interfaces: Vec<String>,
    /// The names of everything it exports.
    pub exports: Vec<String>,
    /// The version of the contract, `major.minor`.
    pub contract: String,
}

impl Imports {
    /// Whether it may see the values of credentials.
    pub fn reveals(&self) -> bool {
        self.interfaces.iter().any(|name| name == "credentials-reveal")
    }

    /// What it may do, in sentences without a subject.
    pub fn sentences(&self) -> Vec<&'static str> {
        let known = |name: &String| {
            INTERFACES
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, sentence)| *sentence)
        };
        self.interfaces
            .iter()
            .filter(|name| *name != "types")
            .filter_map(known)
            .collect()
    }
}

/// Validates a component and checks its imports.
///
/// # Errors
/// With a sentence each: not WebAssembly, a core module, compiled code, malformed, a foreign import, another version
/// of the contract, no connector.
pub fn check(bytes: &[u8]) -> Result<Imports, Error> {
    let imports = read(bytes)?;
    validate(bytes)?;
    Ok(imports)
}

/// Validates every function of a component: what is compiled must be valid, what was compiled has been.
pub(crate) fn validate(bytes: &[u8]) -> Result<(), Error> {
    let validated = Validator::new_with_features(features()).validate_all(bytes);
    validated.map(|_| ()).map_err(malformed)
}

fn malformed(error: wasmparser::BinaryReaderError) -> Error {
    Error::new(NOT_A_COMPONENT, format!("the plugin is malformed: {error}"))
}

/// Reads what a component asks for and gives, and checks it; the bodies of its functions are not looked at.
pub(crate) fn read(bytes: &[u8]) -> Result<Imports, Error> {
    check_beginning(bytes)?;
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(malformed)? {
            // Sections of what is nested inside come between these two, and are nobody's business but its own.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    let interfaces = imports
        .iter()
        .map(|name| check_import(name))
        .collect::<Result<_, _>>()?;
    let contract = check_exports(&exports)?;
    Ok(Imports {
        interfaces,
        exports,
        contract,
    })
}

/// What the engine can run; everything that is still a proposal is refused here already.
fn features() -> WasmFeatures {
    let mut features = WasmFeatures::default();
    features.remove(WasmFeatures::MEMORY64 | WasmFeatures::RELAXED_SIMD | WasmFeatures::THREADS | WasmFeatures::GC);
    features
}

fn check_beginning(bytes: &[u8]) -> Result<(), Error> {
    let refuse = |message: &str| Err(Error::new(NOT_A_COMPONENT, message));
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return refuse(
            "this is compiled code (.cwasm); the host takes only WebAssembly components (.wasm) and compiles them itself",
        );
    }
    if Parser::is_core_wasm(bytes) {
        return refuse("this is a core module, not a component; run `dragoman plugin build` on it");
    }
    if !Parser::is_component(bytes) {
        return refuse("this is not WebAssembly: it does not begin as a component does");
    }
    match Parser::new(0).parse_all(bytes).next() {
        Some(Ok(Payload::Version {
            encoding: Encoding::Component,
            ..
        })) => Ok(()),
        _ => refuse("this is not a WebAssembly component of a version that this host knows"),
    }
}

/// Splits `dragoman:connector/http@0.1.0` into interface and version.
fn split(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(PACKAGE)?.split_once('@')
}

fn minor(version: &str) -> String {
    version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".")
}

fn wrong_version(version: &str) -> Error {
    let message = format!(
        "this plugin needs dragoman:connector {}, this host has {}; rebuild it with an SDK for that version, or use a \
         host that serves it",
        crate::log::escape(&minor(version), 40),
        SERVED.join(", ")
    );
    Error::new(WRONG_VERSION, message)
}

fn check_import(name: &str) -> Result<String, Error> {
    let shown = crate::log::escape(name, 200);
    let Some((interface, version)) = split(name) else {
        let hint = if name.starts_with("wasi:") {
            "; build it without WASI"
        } else {
            ""
        };
        return Err(Error::new(
            FOREIGN_IMPORT,
            format!("it imports {shown}, which this host never gives{hint}"),
        ));
    };
    if !SERVED.contains(&minor(version).as_str()) {
        return Err(wrong_version(version));
    }
    if !INTERFACES.iter().any(|(known, _)| *known == interface) {
        let message = format!(
            "it imports {shown}, which is not in version {} of the contract",
            minor(version)
        );
        return Err(Error::new(FOREIGN_IMPORT, message));
    }
    Ok(interface.to_owned())
}

fn check_exports(exports: &[String]) -> Result<String, Error> {
    let Some((_, version)) = exports
        .iter()
        .filter_map(|name| split(name))
        .find(|(name, _)| *name == "connector")
    else {
        return Err(Error::new(
            NO_CONNECTOR,
            "it exports no `dragoman:connector/connector`, so it is a component but not a plugin",
        ));
    };
    let contract = minor(version);
    if SERVED.contains(&contract.as_str()) {
        Ok(contract)
    } else {
        Err(wrong_version(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_name(name: &str, expected: Result<&str, &str>) {
        let found = check_import(name);
        match expected {
            Ok(interface) => assert_eq!(found, Ok(interface.to_owned())),
            Err(part) => {
                let error = found.unwrap_err();
                assert!(error.message.contains(part), "{}", error.message);
            }
        }
    }

    #[test]
    fn imports_are_judged_by_name_and_version() {
        check_name("dragoman:connector/http@0.1.0", Ok("http"));
        check_name("dragoman:connector/http@0.1.7", Ok("http"));
        check_name(
            "dragoman:connector/http@0.3.0",
            Err("this plugin needs dragoman:connector 0.3, this host has 0.1"),
        );
        check_name(
            "dragoman:connector/http@1.0.0",
            Err("this plugin needs dragoman:connector 1.0, this host has 0.1"),
        );
        check_name("dragoman:connector/sockets@0.1.0", Err("not in version 0.1"));
        check_name(
            "wasi:filesystem/types@0.2.6",
            Err("it imports wasi:filesystem/types@0.2.6, which this host never gives"),
        );
        check_name("log", Err("it imports log, which this host never gives"));
    }

    #[test]
    fn what_is_no_component_is_refused_with_a_sentence() {
        for (bytes, part) in [
            (&b"not wasm at all"[..], "not WebAssembly"),
            (b"", "not WebAssembly"),
            (b"\0asm\x01\0\0\0", "core module"),
            (b"\0asm\x0d\0\x01\0", "exports no `dragoman:connector/connector`"),
            (b"\0asm\x0d\0\x01\0\xff\xff\xff", "malformed"),
        ] {
            let error = check(bytes).unwrap_err();
            assert!(error.message.contains(part), "{}", error.message);
        }
    }
}
