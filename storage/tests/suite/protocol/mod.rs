//! The sweep protocol of docs/storage.md as a model: every interleaving of clients, names, the clock,
//! power cuts and the sweep is explored by `stateright`, once with every rule kept and once without
//! each. It owns no product code and runs none: it proves the rules, and the other tests prove that
//! the code keeps them. The bounds of each run stand in `checks`; six objects and at most two sweeps.
//!
//! The numbered rules of the section "Sweep", the switches of `rules::Rule` for them, and the model's
//! steps:
//!
//! | rule | switches | steps |
//! |---|---|---|
//! | 1 inside the gate | `ChecksInsideTheGate`, `HoldsUntilCommitted` | `Publish`, `Look`, `Drop` |
//! | 2 register | `PublishRegisters`, `RegisterBeforeCommit` | `Register`, `Commit`, `Drop` |
//! | 3 missing | `PublishChecks` | `Look`, `Checked` |
//! | 4, 5 refresh | `ClaimRefreshes`, `PutRefreshes` | `Claim`, `Put` |
//! | 6 begin | `BeginExclusive`, `CutoffFixedAtBegin`, `BeginAnew` | `Begin`, `Restart` |
//! | 7 roots | `RootsInOneSnapshot`, `RootsWholeOrAbort`, `DeletedNamesAreRoots` | `Sweep` in `Begun`, `SweepFault` |
//! | 8 kept | `MarkWholeOrAbort` | `Sweep` in `Mark`, `SweepFault` |
//! | 9 spared | `SessionsAreRoots`, `SessionsAreTolerant`, `YoungKeepBelow` | `Sweep` in `Mark` and `Rows` |
//! | 10 plan | `OnePassDecides` | `Sweep` in `Rows` |
//! | 11 order | `TopologicalOrder`, `BatchIsOneLevel` | `Sweep` in `Between` |
//! | 12 batch | `BatchExclusive`, `BatchMarksCommitted` | `Sweep` in `Between` |
//! | 13 remove | `RereadTimePut`, `SparedKeepBelow` | `Sweep` in `Removing` |
//! | taking a deletion back | `UndeleteHoldsTheGate` | `Undelete`, `Undeleted` |
//! | write order | `BarrierBeforeCommit` | `Barrier`, `Sync`, `Restart` |
//! | a full disk | `ReopenExclusive`, `ReopenEndsSweep` | `Reopen` |
//!
//! An undelete of the model neither looks for its objects nor registers, so that it proves more than
//! one that is a publish. What is drawn coarser than it is: the look at all rows is one step, since each row is decided by
//! itself; two objects make a batch; a power cut keeps a prefix of what was written, as one
//! write-ahead log does.

mod batch;
mod checks;
mod client;
mod model;
mod objects;
mod properties;
mod rules;
mod state;
mod sweeper;
