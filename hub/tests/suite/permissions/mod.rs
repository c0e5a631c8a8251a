//! Who may do what, over every route: the matrix of routes, visibilities and callers, held to the one permission
//! table.

mod listed;
