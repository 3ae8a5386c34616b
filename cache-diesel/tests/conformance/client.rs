//! A client in Diesel's words; a macro, since what Diesel can say is a matter of the concrete backend.

/// `$upsert` inserts a row or updates the one that has its id.
macro_rules! client {
    ($connection:ty, $backend:ty, $dialect:expr, |$db:ident, $row:ident| $upsert:expr) => {
        pub(super) struct Handle {
            pub(super) conn: CachedConnection<$connection>,
            pub(super) cache: Cache,
        }

        impl Handle {
            fn articles<Q>(&mut self, query: Q) -> Result<Vec<String>, Failure>
            where
                Q: diesel::query_builder::AsQuery,
                Q::Query: diesel::query_dsl::LoadQuery<'static, CachedConnection<$connection>, Article>
                    + diesel::query_builder::QueryFragment<$backend>,
            {
                let rows = query.cached(&self.cache).load::<Article>(&mut self.conn)?;
                Ok(rows.iter().map(Article::line).collect())
            }
        }

        impl Client for Handle {
            fn dialect(&self) -> Dialect {
                $dialect
            }

            async fn ask(&mut self, question: Question) -> Result<Vec<String>, Failure> {
                let articles = article::table.select(Article::as_select());
                let cache = self.cache.clone();
                match question {
                    Question::Categories => {
                        let names = category::table.select(category::name).cached(&cache);
                        Ok(names.load::<String>(&mut self.conn)?)
                    }
                    Question::Article(id) => {
                        let row = article::table.find(id).select(Article::as_select()).cached(&cache);
                        let row = row.first::<Article>(&mut self.conn).optional()?;
                        Ok(row.iter().map(Article::line).collect())
                    }
                    Question::ArticlesIn(id) => self.articles(articles.filter(article::category_id.eq(id))),
                    Question::ArticlesAmong(ids) => self.articles(articles.filter(article::id.eq_any(ids))),
                    Question::ArticlesInOrRated(id, stars) => {
                        self.articles(articles.filter(article::category_id.eq(id).or(article::stars.ge(stars))))
                    }
                    Question::Unrated => self.articles(articles.filter(article::stars.is_null())),
                    Question::CountIn(id) => {
                        let rows = article::table.filter(article::category_id.eq(id)).cached(&cache);
                        Ok(vec![rows.count(&mut self.conn)?.to_string()])
                    }
                    Question::AnyPublishedIn(id) => {
                        let rows = article::table.filter(article::category_id.eq(id).and(article::published.eq(true)));
                        let any = diesel::select(exists(rows)).cached(&cache);
                        Ok(vec![any.get_result::<bool>(&mut self.conn)?.to_string()])
                    }
                    Question::LatestIn(id) => {
                        let row = articles.filter(article::category_id.eq(id)).order(article::id.desc()).cached(&cache);
                        let row = row.first::<Article>(&mut self.conn).optional()?;
                        Ok(row.iter().map(Article::line).collect())
                    }
                    Question::ArticlesOfCategory(name) => self.articles(
                        article::table
                            .inner_join(category::table)
                            .filter(category::name.eq(name))
                            .select(Article::as_select()),
                    ),
                    Question::Discussion(id) => {
                        let rows = article::table
                            .left_join(comment::table)
                            .filter(article::category_id.eq(id))
                            .select((article::id, comment::text.nullable()))
                            .cached(&cache)
                            .load::<(i32, Option<String>)>(&mut self.conn)?;
                        Ok(rows.iter().map(|(id, text)| format!("{id}|{}", text.as_deref().unwrap_or("-"))).collect())
                    }
                    Question::CommentsOf(id) => {
                        let rows = comment::table
                            .filter(comment::article_id.eq(id))
                            .select((comment::id, comment::text, comment::stars))
                            .cached(&cache)
                            .load::<(i32, String, i32)>(&mut self.conn)?;
                        Ok(rows.iter().map(|(id, text, stars)| format!("{id}|{text}|{stars}")).collect())
                    }
                    Question::TagsOf(id) => {
                        let names = article_tag::table
                            .inner_join(tag::table)
                            .filter(article_tag::article_id.eq(id))
                            .select(tag::name)
                            .cached(&cache);
                        Ok(names.load::<String>(&mut self.conn)?)
                    }
                    Question::ArticlesTagged(name) => self.articles(
                        article::table
                            .inner_join(article_tag::table.inner_join(tag::table))
                            .filter(tag::name.eq(name))
                            .select(Article::as_select()),
                    ),
                    Question::ArticlesCommented(stars) => {
                        let ids = comment::table.filter(comment::stars.ge(stars)).select(comment::article_id);
                        self.articles(articles.filter(article::id.eq_any(ids)))
                    }
                    Question::Discussed => {
                        let comments = comment::table.filter(comment::article_id.eq(article::id));
                        self.articles(articles.filter(exists(comments)))
                    }
                    Question::Undiscussed => {
                        let comments = comment::table.filter(comment::article_id.eq(article::id));
                        self.articles(articles.filter(diesel::dsl::not(exists(comments))))
                    }
                    Question::StarsIn(id) => {
                        let stars = article::table.filter(article::category_id.eq(id)).select(sum(article::stars));
                        let stars = stars.cached(&cache).get_result::<Option<i64>>(&mut self.conn)?;
                        Ok(vec![stars.map_or_else(|| "-".to_owned(), |stars| stars.to_string())])
                    }
                    Question::CategoriesWith(least) => {
                        let rows = article::table
                            .group_by(article::category_id)
                            .having(count_star().ge(i64::from(least)))
                            .select((article::category_id, count_star()))
                            .cached(&cache)
                            .load::<(i32, i64)>(&mut self.conn)?;
                        Ok(rows.iter().map(|(category, count)| format!("{category}|{count}")).collect())
                    }
                    Question::LiveIn(id) => {
                        let rows = live_article::table.filter(live_article::category_id.eq(id)).cached(&cache);
                        let rows = rows.load::<Article>(&mut self.conn)?;
                        Ok(rows.iter().map(Article::line).collect())
                    }
                    Question::Titled(title) => {
                        let ids = article::table.filter(article::title.eq(title)).select(article::id).cached(&cache);
                        Ok(ids.load::<i32>(&mut self.conn)?.iter().map(i32::to_string).collect())
                    }
                    Question::InStatus(status) => {
                        let ids = article::table.filter(article::status.eq(status)).select(article::id);
                        let ids = ids.into_boxed::<$backend>().cached(&cache).load::<i32>(&mut self.conn)?;
                        Ok(ids.iter().map(i32::to_string).collect())
                    }
                    Question::AuditOf(id) => {
                        let what = audit::table.filter(audit::article_id.eq(id)).select(audit::what).cached(&cache);
                        Ok(what.load::<String>(&mut self.conn)?)
                    }
                    other => self.raw(&other.sql($dialect), &other.arguments()).await,
                }
            }

            async fn raw(&mut self, sql: &str, arguments: &[Argument]) -> Result<Vec<String>, Failure> {
                let mut query = diesel::sql_query(sql).into_boxed::<$backend>();
                for argument in arguments {
                    query = match argument {
                        Argument::Int(number) => query.bind::<Integer, _>(*number),
                        Argument::Text(text) => query.bind::<Text, _>(text.clone()),
                    };
                }
                let rows = query.cached(&self.cache).load::<Line>(&mut self.conn)?;
                Ok(rows.into_iter().map(|row| row.line).collect())
            }

            async fn lines(&mut self, sql: &str) -> Result<Vec<String>, Failure> {
                let rows = diesel::sql_query(sql).load::<Line>(&mut self.conn)?;
                Ok(rows.into_iter().map(|row| row.line).collect())
            }

            async fn write(&mut self, write: Write) -> Result<(), Failure> {
                let $db = &mut self.conn;
                match write {
                    Write::Insert(row) => {
                        diesel::insert_into(article::table).values(Article::from(row)).execute($db)?;
                    }
                    Write::Append(category, title) => {
                        let values = (article::category_id.eq(category), article::title.eq(title));
                        diesel::insert_into(article::table).values(values).execute($db)?;
                    }
                    Write::InsertMany(rows) => {
                        let rows: Vec<Article> = rows.iter().map(|row| Article::from(*row)).collect();
                        diesel::insert_into(article::table).values(&rows).execute($db)?;
                    }
                    Write::Upsert(row) => {
                        let $row = &Article::from(row);
                        $upsert?;
                    }
                    Write::Retitle(id, title) => {
                        let mut row: Article = article::table.find(id).select(Article::as_select()).first($db)?;
                        title.clone_into(&mut row.title);
                        diesel::update(&row).set(&row).execute($db)?;
                    }
                    Write::Move(id, category) => {
                        diesel::update(article::table.find(id)).set(article::category_id.eq(category)).execute($db)?;
                    }
                    Write::Rate(id, stars) => {
                        diesel::update(article::table.find(id)).set(article::stars.eq(stars)).execute($db)?;
                    }
                    Write::SetStatus(id, status) => {
                        diesel::update(article::table.find(id)).set(article::status.eq(status)).execute($db)?;
                    }
                    Write::PublishIn(category, published) => {
                        diesel::update(article::table.filter(article::category_id.eq(category)))
                            .set(article::published.eq(published))
                            .execute($db)?;
                    }
                    Write::PraiseIn(category) => {
                        diesel::update(article::table.filter(article::category_id.eq(category)))
                            .set(article::stars.eq(article::stars + 1))
                            .execute($db)?;
                    }
                    Write::Delete(id) => {
                        diesel::delete(article::table.find(id)).execute($db)?;
                    }
                    Write::DeleteIn(category) => {
                        diesel::delete(article::table.filter(article::category_id.eq(category))).execute($db)?;
                    }
                    Write::RenameCategory(id, name) => {
                        diesel::update(category::table.find(id)).set(category::name.eq(name)).execute($db)?;
                    }
                    Write::DeleteCategory(id) => {
                        diesel::delete(category::table.find(id)).execute($db)?;
                    }
                    Write::Comment(id, article, text, stars) => {
                        let values = (
                            comment::id.eq(id),
                            comment::article_id.eq(article),
                            comment::text.eq(text),
                            comment::stars.eq(stars),
                        );
                        diesel::insert_into(comment::table).values(values).execute($db)?;
                    }
                    Write::Untag(article, tag) => {
                        diesel::delete(article_tag::table.find((article, tag))).execute($db)?;
                    }
                    other => return self.execute(&other.sql($dialect)).await,
                }
                Ok(())
            }

            async fn execute(&mut self, sql: &str) -> Result<(), Failure> {
                Ok(self.conn.batch_execute(sql)?)
            }

            async fn begin(&mut self) -> Result<(), Failure> {
                Ok(AnsiTransactionManager::begin_transaction(&mut self.conn)?)
            }

            async fn commit(&mut self) -> Result<(), Failure> {
                Ok(AnsiTransactionManager::commit_transaction(&mut self.conn)?)
            }

            async fn roll_back(&mut self) -> Result<(), Failure> {
                Ok(AnsiTransactionManager::rollback_transaction(&mut self.conn)?)
            }
        }
    };
}

pub(crate) use client;
