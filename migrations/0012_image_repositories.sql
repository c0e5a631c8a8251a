-- Into which repositories an image was converted that became that flist: who may read such a repository may
-- have the hub use the layers again. A repository to which the flist was only promoted, linked or pushed is none.
create table image_repositories (
    flist_id      bytea  not null references flists (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    primary key (flist_id, repository_id)
);

create index image_repositories_by_repository on image_repositories (repository_id);

insert into image_repositories (flist_id, repository_id)
select distinct flist_id, repository_id from name_history
where source = 'convert' and flist_id in (select flist_id from image_layers);
