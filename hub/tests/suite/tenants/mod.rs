//! Tenants who share one store: what one of them has, another must neither read nor use nor hear of.

mod catalogue;
mod content;
mod leaving;
mod names;
mod reports;
mod stage;
mod timing;
