//! Transactions, and savepoints inside of them.

use rusqlite::Result;

use crate::CachedConnection;

impl CachedConnection {
    /// Runs `work` in a transaction, or in a savepoint inside of one: committed when it is `Ok`, rolled back when it is not,
    /// and when it panics.
    ///
    /// # Errors
    ///
    /// Those of `work`, and what SQLite answers.
    pub fn transaction<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Self) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.begin()?;
        let open = Open(self);
        let answer = work(self)?;
        self.commit()?;
        std::mem::forget(open);
        Ok(answer)
    }

    /// Begins a transaction, or a savepoint inside of one.
    ///
    /// # Errors
    ///
    /// What SQLite answers.
    pub fn begin(&self) -> Result<()> {
        if let Some(request) = self.session.wants_schema_to_begin() {
            let sql = request.sql();
            request.answer(self.texts(sql));
        }
        match self.depth.get() {
            0 => self.execute_batch("BEGIN")?,
            depth => self.execute_batch(&format!("SAVEPOINT level_{depth}"))?,
        }
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    /// Commits the innermost transaction or savepoint.
    ///
    /// # Errors
    ///
    /// What SQLite answers; the transaction is still open then.
    pub fn commit(&self) -> Result<()> {
        let depth = self.depth.get().saturating_sub(1);
        match depth {
            0 => self.execute_batch("COMMIT")?,
            depth => self.execute_batch(&format!("RELEASE level_{depth}"))?,
        }
        self.depth.set(depth);
        Ok(())
    }

    /// Rolls the innermost transaction or savepoint back.
    ///
    /// # Errors
    ///
    /// What SQLite answers.
    pub fn roll_back(&self) -> Result<()> {
        let depth = self.depth.get().saturating_sub(1);
        self.depth.set(depth);
        match depth {
            0 => self.execute_batch("ROLLBACK"),
            depth => self.execute_batch(&format!("ROLLBACK TO level_{depth}; RELEASE level_{depth}")),
        }
    }
}

/// A transaction that is rolled back unless it is forgotten.
struct Open<'c>(&'c CachedConnection);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        // An error leaves it to the end of the connection, which rolls back as well.
        let _ = self.0.roll_back();
    }
}
