//! From the path of a step to its place in the text that it is written in.

use std::collections::BTreeMap;

use dragoman_manifest::{Pipeline, pipeline as said};
use dragoman_model::Span;

/// The place of the step at a path of a run, `lines[3].shipped` or `way.arm-2.clerk`; where the text does not have it, of
/// the innermost thing around it that it has, and of the pipeline's name in the end.
pub fn place_of(pipeline: &Pipeline, path: &str) -> Span {
    let mut block = Some(&pipeline.steps);
    let mut place = pipeline.name.span.clone();
    let mut segments = path.split('.').filter(|segment| !segment.is_empty());
    while let (Some(steps), Some(segment)) = (block, segments.next()) {
        let name = segment.split('[').next().unwrap_or(segment);
        let Some(step) = find(steps, name) else { break };
        place = step
            .id
            .as_ref()
            .map_or_else(|| step.word.span.clone(), |id| id.span.clone());
        block = match &step.kind {
            said::StepKind::Each(each) => Some(&each.block),
            said::StepKind::Repeat(repeat) if segment.contains('[') => Some(&repeat.block),
            _ => segments.next().and_then(|inner| inner_block(step, inner)),
        };
        if let Some(block) = block.filter(|_| !matches!(step.kind, said::StepKind::Each(_) | said::StepKind::Repeat(_)))
        {
            place = block.span.clone();
        }
    }
    place
}

/// The step at a path, as it was said; none: the pipeline has no such step.
pub fn said_at<'a>(pipeline: &'a Pipeline, path: &str) -> Option<&'a said::Step> {
    let mut block = &pipeline.steps;
    let mut segments = path.split('.');
    loop {
        let segment = segments.next()?;
        let step = find(block, segment.split('[').next()?)?;
        block = match &step.kind {
            said::StepKind::Each(each) if segment.contains('[') => &each.block,
            said::StepKind::Repeat(repeat) if segment.contains('[') => &repeat.block,
            _ => match segments.next() {
                None => return Some(step),
                Some(inner) => inner_block(step, inner)?,
            },
        };
    }
}

/// The step of a block by the segment of its path: its id, or its word and number.
fn find<'a>(block: &'a said::Block, name: &str) -> Option<&'a said::Step> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    block.steps.iter().find(|step| {
        let number = numbers.entry(step.word.value).or_default();
        *number += 1;
        match &step.id {
            Some(id) => id.value == name,
            None => format!("{}-{number}", step.word.value) == name,
        }
    })
}

fn inner_block<'a>(step: &'a said::Step, segment: &str) -> Option<&'a said::Block> {
    let handler = match segment {
        "on_rejected" => step.on_rejected.as_ref(),
        "on_refused" => step.on_refused.as_ref(),
        "on_failure" => step.on_failure.as_ref(),
        "on_timeout" => step.on_timeout.as_ref(),
        _ => None,
    };
    if let Some(handler) = handler {
        return Some(&handler.block);
    }
    match &step.kind {
        said::StepKind::Choose(arms) => {
            let number: usize = segment.strip_prefix("arm-")?.parse().ok()?;
            arms.get(number.checked_sub(1)?).map(|arm| &arm.block)
        }
        said::StepKind::Parallel(branches) => {
            let found = branches.iter().find(|(name, _)| name.value == segment);
            found.map(|(_, block)| block)
        }
        said::StepKind::Try(block) => Some(block),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use dragoman_manifest::parse_pipeline;
    use dragoman_model::Source;

    use super::*;

    const TEXT: &str = "dragoman: 1
pipeline: places
on: [{ id: hand, manual: {} }]
steps:
  - set: 1
  - id: way
    choose:
      - when: 'true'
        value: 1
      - else:
          - set: 2
          - id: inner
            set: 3
  - id: lines
    each: trigger.message.lines
    as: line
    steps:
      - id: told
        call: shop.tell
        on_failure: [{ id: late, set: 5 }]
";

    #[test]
    fn each_path_has_its_place() {
        let (pipeline, _) = parse_pipeline(Source::new("p.yaml", TEXT));
        let pipeline = pipeline.expect("it can be read");
        for (path, line) in [
            ("", 2),
            ("set-1", 5),
            ("way", 6),
            ("way.arm-2.set-1", 11),
            ("way.arm-2.inner", 12),
            ("lines", 14),
            ("lines[3].told", 18),
            ("lines[3].told.on_failure.late", 20),
            ("lines[].told", 18),
            ("gone", 2),
            ("lines[0].gone", 14),
        ] {
            let span = place_of(&pipeline, path);
            let (found, _) = span.source.position(span.range.start);
            assert_eq!(found, line, "{path}");
        }
    }
}
