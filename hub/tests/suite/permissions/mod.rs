//! Who may do what, over every route: the matrix of routes, visibilities and callers, held to the one permission
//! table.

mod ask;
mod callers;
mod documented;
mod issued;
mod listed;
mod matrix;
mod prepare;
mod rules;
mod rules_accounts;
mod rules_names;
mod rules_native;
mod rules_sharinghub;
mod rules_stac;
mod rules_zero_hub;
mod stage;
