//! What a column can be for.

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// NPWP, NIK or NITKU.
    TaxpayerId,
    /// One or more phone numbers.
    Phone,
    /// The taxpayer's name.
    Name,
    /// Why the taxpayer is called.
    Matter,
    /// Name of the tax.
    TaxType,
    /// Account and payment type code together (KAP-KJS).
    TaxCode,
    /// Account code (KAP, also called MAP).
    Kap,
    /// Payment type code (KJS).
    Kjs,
    /// Tax period (masa), alone or with its year.
    TaxPeriod,
    /// Tax year.
    TaxYear,
    /// Amount in rupiah.
    Amount,
    /// Last day of the duty.
    DueDate,
    /// Code of the tax office (KPP).
    Office,
    /// Province of the taxpayer's address.
    Province,
    /// Billing code.
    BillingCode,
    /// Who is called first.
    Priority,
    /// Language of the call.
    Language,
    /// Time zone of the taxpayer.
    TimeZone,
    /// A remark for whoever calls.
    Note,
}

impl Field {
    /// All there are.
    pub const ALL: [Field; 19] = [
        Field::TaxpayerId,
        Field::Phone,
        Field::Name,
        Field::Matter,
        Field::TaxType,
        Field::TaxCode,
        Field::Kap,
        Field::Kjs,
        Field::TaxPeriod,
        Field::TaxYear,
        Field::Amount,
        Field::DueDate,
        Field::Office,
        Field::Province,
        Field::BillingCode,
        Field::Priority,
        Field::Language,
        Field::TimeZone,
        Field::Note,
    ];

    /// The field of a word.
    pub fn named(word: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.as_str() == word)
    }

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::TaxpayerId => "taxpayer_id",
            Field::Phone => "phone",
            Field::Name => "name",
            Field::Matter => "matter",
            Field::TaxType => "tax_type",
            Field::TaxCode => "tax_code",
            Field::Kap => "kap",
            Field::Kjs => "kjs",
            Field::TaxPeriod => "tax_period",
            Field::TaxYear => "tax_year",
            Field::Amount => "amount",
            Field::DueDate => "due_date",
            Field::Office => "office",
            Field::Province => "province",
            Field::BillingCode => "billing_code",
            Field::Priority => "priority",
            Field::Language => "language",
            Field::TimeZone => "time_zone",
            Field::Note => "note",
        }
    }

    /// Whether several columns may serve: phones are all taken, of taxpayer numbers the first that is filled in.
    pub fn many(self) -> bool {
        matches!(self, Field::TaxpayerId | Field::Phone)
    }
}
