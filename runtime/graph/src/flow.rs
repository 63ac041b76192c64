//! What is to be drawn: the steps as items in blocks, each with its texts, before anything has a place.

mod heads;
mod steps;

use dragoman_manifest::Pipeline;
use dragoman_model::OperationEffect;

use crate::text::Line;

/// What is known of an operation's effect: connection and operation to effect; none: nothing is known.
pub type Effects<'a> = &'a dyn Fn(&str, &str) -> Option<OperationEffect>;

/// How a thing looks: what kind it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Look {
    /// A message comes.
    Trigger,
    /// The run begins.
    Begin,
    /// A call that only reads.
    Read,
    /// A call that changes something elsewhere.
    Act,
    /// A call of which the effect is not known here.
    Call,
    /// Somebody is waited for.
    Wait,
    /// The ledger and business references.
    Ledger,
    /// Other pipelines of the site: one that is run, and those that hear an event.
    Others,
    /// A value, a pause, a reply.
    Plain,
    /// Steps around which there is a frame.
    Group,
    /// A condition, a choice, a branch.
    Choice,
    /// What a branch gives.
    Gives,
    /// Nothing more is to be done.
    Stop,
    /// A person repairs.
    Park,
    /// Ends as failed.
    Fail,
    /// All is done.
    Completed,
}

impl Look {
    /// What it means, for the legend; none: it says so itself.
    pub(crate) fn meaning(self) -> Option<&'static str> {
        Some(match self {
            Look::Trigger => "a message comes",
            Look::Read => "reads elsewhere",
            Look::Act => "changes something elsewhere",
            Look::Call => "calls an operation",
            Look::Wait => "waits",
            Look::Ledger => "ledger and references",
            Look::Others => "goes to other pipelines",
            Look::Plain => "in the run itself",
            Look::Group => "around other steps",
            Look::Choice => "parts into branches",
            Look::Gives => "the value of a branch",
            Look::Stop => "nothing more to do",
            Look::Park => "stops for a person",
            Look::Fail => "ends as failed",
            Look::Begin | Look::Completed => return None,
        })
    }
}

/// A pipeline as it is drawn.
#[derive(Debug, Clone)]
pub struct Flow {
    pub(crate) name: String,
    pub(crate) summary: String,
    /// What holds for the whole: what happens after a failure, whether it only observes.
    pub(crate) notes: Vec<String>,
    /// What is to be known of the picture itself.
    pub(crate) remarks: Vec<String>,
    pub(crate) triggers: Vec<Item>,
    pub(crate) begin: Item,
    pub(crate) steps: Block,
    pub(crate) completed: Item,
}

/// Items one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Block {
    pub(crate) items: Vec<Item>,
}

/// A branch: an arm, a branch of a `parallel`, a handler.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub(crate) head: Head,
    /// What stands for it where it has no step: a path that no step has.
    pub(crate) path: String,
    pub(crate) block: Block,
}

/// What a branch begins with.
#[derive(Debug, Clone)]
pub(crate) enum Head {
    /// A condition.
    Condition(String),
    /// A name, in a few words.
    Name(String),
}

/// A step, or what is drawn as one.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// The path of the step; in a child or a round the index is left out: `lines[].sent`. What is no step has a path
    /// that no step can have.
    pub(crate) path: String,
    pub(crate) look: Look,
    pub(crate) lines: Vec<Line>,
    /// All that is to be said of it, not shortened.
    pub(crate) tip: String,
    /// The condition of `when`.
    pub(crate) guard: Option<String>,
    pub(crate) body: Body,
    pub(crate) handlers: Vec<Branch>,
}

/// What an item holds.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Nothing further.
    Leaf,
    /// The run ends here; the reason, where it is written as it is.
    End(Option<String>),
    /// One of several branches is taken.
    Choice(Vec<Branch>),
    /// All branches are taken.
    Parallel(Vec<Branch>),
    /// Steps in a frame.
    Frame(Block),
    /// Steps in a frame that are done for each item, by runs of their own.
    Children(Block),
}

impl Flow {
    /// What is to be drawn of a pipeline.
    ///
    /// In: the pipeline as far as it was read, and what is known of operations. Out: always something.
    pub fn of(pipeline: &Pipeline, effects: Effects<'_>) -> Flow {
        let teller = steps::Teller { effects };
        Flow {
            name: pipeline.name.value.clone(),
            summary: pipeline.summary.clone(),
            notes: heads::notes(pipeline),
            remarks: Vec::new(),
            triggers: pipeline.triggers.iter().map(heads::trigger).collect(),
            begin: heads::begin(pipeline),
            steps: teller.block(&pipeline.steps, "", None),
            completed: heads::completed(pipeline),
        }
    }

    /// Says something that holds for the whole picture, below the summary.
    pub fn note(&mut self, note: impl Into<String>) {
        self.remarks.push(note.into());
    }

    /// The pipeline's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All items of the flow, in the order of the pipeline, with those inside others.
    pub(crate) fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Item)) {
        self.triggers.iter().for_each(&mut *see);
        see(&self.begin);
        self.steps.walk(see);
        see(&self.completed);
    }
}

impl Block {
    /// Whether what comes behind it is reached; what stands behind an end is a mistake, and counts as reached.
    pub(crate) fn falls_through(&self) -> bool {
        self.items.last().is_none_or(Item::falls_through)
    }

    pub(crate) fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Item)) {
        for item in &self.items {
            see(item);
            item.inner().for_each(|block| block.walk(see));
        }
    }
}

impl Item {
    /// Whether what comes behind it is reached.
    pub(crate) fn falls_through(&self) -> bool {
        self.guard.is_some()
            || self.handlers.iter().any(|h| h.block.falls_through())
            || match &self.body {
                Body::End(_) => false,
                Body::Leaf | Body::Frame(_) | Body::Children(_) => true,
                Body::Choice(branches) => branches.iter().any(|b| b.block.falls_through()),
                Body::Parallel(branches) => branches.iter().all(|b| b.block.falls_through()),
            }
    }

    /// The blocks inside: branches, frame, handlers.
    pub(crate) fn inner(&self) -> impl Iterator<Item = &Block> {
        let (branches, frame): (&[Branch], Option<&Block>) = match &self.body {
            Body::Leaf | Body::End(_) => (&[], None),
            Body::Choice(branches) | Body::Parallel(branches) => (branches, None),
            Body::Frame(block) | Body::Children(block) => (&[], Some(block)),
        };
        branches.iter().chain(&self.handlers).map(|b| &b.block).chain(frame)
    }
}
