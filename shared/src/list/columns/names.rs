//! What columns are called: Indonesian and English, without regard to case, dots, spaces and slashes.

use super::Field;

/// Names of each field, best first: where a list has several, the better name wins. Whole names only: a part
/// would also find the phone of the consultant or of the account representative. The date of an assessment
/// (TGL KETETAPAN) is not here: the due date is a month later.
#[rustfmt::skip]
const NAMES: &[(Field, &[&str])] = &[
    (
        Field::TaxpayerId,
        &[
            "taxpayerid", "npwp16", "npwpnik", "niknpwp", "npwp", "nonpwp", "nomornpwp", "npwpwp", "npwppusat",
            "nonpwpnik", "nomornpwpnik", "niknpwp16", "npwp15", "nik", "nonik", "nomornik", "nikwp", "noktp",
            "nomorktp", "ktp", "nitku", "idwp", "idwajibpajak", "identitaswp", "taxid", "taxnumber", "taxpayerno",
            "taxpayernumber", "taxidentificationnumber", "tin", "nationalid",
        ],
    ),
    (
        Field::Phone,
        &[
            "phone", "notelphp", "notelp", "telp", "telphp", "nomortelp", "nomortelphp", "notelepon", "noteleponhp",
            "nomortelepon", "nomorteleponhp", "telepon", "teleponhp", "telpon", "notelpon", "notlp", "notlphp", "tlp",
            "nohp", "nohptelp", "nomorhp", "hp", "hpwa", "nohpwa", "handphone", "nohandphone", "nomorhandphone",
            "ponsel", "noponsel", "nomorponsel", "kontak", "nokontak", "nomorkontak", "wa", "nowa", "nomorwa",
            "whatsapp", "nowhatsapp", "nomorwhatsapp", "phones", "phonenumber", "telephone", "mobile", "mobilephone",
            "mobilenumber", "mobileno", "phoneno", "phonenumbers", "telephonenumber", "telephoneno", "cellphone",
            "cell", "contactnumber", "contactphone", "telprumah", "teleponrumah", "notelprumah", "teleponseluler",
            "notelpwp", "teleponwp", "hpwp", "nohpwp", "notelponwp", "telpwp", "notelpseluler", "kontakwp",
        ],
    ),
    (
        Field::Name,
        &[
            "name", "namawp", "namawajibpajak", "nama", "namalengkap", "namapenanggungpajak", "namapkp",
            "namaperusahaan", "namabadan", "wajibpajak", "taxpayername", "taxpayer", "fullname", "companyname",
            "customername",
        ],
    ),
    (
        Field::Matter,
        &[
            "matter", "perihal", "jeniskegiatan", "kegiatan", "jenispanggilan", "kategori", "subject", "purpose",
        ],
    ),
    (Field::TaxType, &["taxtype", "jenispajak", "jnspajak", "jenispjk", "namapajak", "jenisspt", "tax", "kindoftax"]),
    (Field::TaxCode, &["taxcode", "kapkjs", "mapkjs", "kodekapkjs", "kodepajak", "kodejenispajak"]),
    (Field::Kap, &["kap", "map", "kodekap", "kodemap", "kodeakunpajak"]),
    (Field::Kjs, &["kjs", "kodekjs", "kodejenissetoran"]),
    (
        Field::TaxPeriod,
        &[
            "taxperiod", "masapajak", "masa", "masatahunpajak", "masatahun", "masapjk", "periode", "periodepajak",
            "period",
        ],
    ),
    (
        Field::TaxYear,
        &[
            "taxyear", "tahunpajak", "thnpajak", "thpajak", "tahunpjk", "tahun", "thn", "fiscalyear", "year",
        ],
    ),
    (
        Field::Amount,
        &[
            "amount", "totaltagihan", "jumlahtagihan", "nilaitagihan", "tagihan", "jumlahpajak", "jumlahterutang",
            "kurangbayar", "nilaikurangbayar", "totaltunggakan", "jumlahtunggakan", "nilaitunggakan", "nominal",
            "jumlah", "jml", "saldo", "nilai", "amountdue", "outstanding", "pokok", "sanksi",
        ],
    ),
    (
        Field::DueDate,
        &[
            "duedate", "jatuhtempo", "tgljatuhtempo", "tanggaljatuhtempo", "jatuhtempopembayaran", "bataswaktu",
            "tglbataswaktu", "tanggalbataswaktu", "bataswaktulapor", "bataswaktubayar", "bataswaktupelaporan",
            "bataswaktupembayaran", "batasakhir", "tgljt", "tgljthtempo", "jthtempo", "batasbayar", "bataslapor",
            "batastanggal", "duedt", "dateofdue", "paymentdue", "payby", "fileby", "deadline",
        ],
    ),
    (
        Field::Office,
        &[
            "office", "kodekpp", "kpp", "kppterdaftar", "kodekantor", "taxoffice", "officecode", "taxofficecode",
        ],
    ),
    (Field::Province, &["province", "provinsi", "propinsi", "prov", "namaprovinsi", "provinsiwp"]),
    (
        Field::BillingCode,
        &[
            "billingcode", "kodebilling", "kdbilling", "idbilling", "nobilling", "billing", "billingid",
        ],
    ),
    (Field::Priority, &["priority", "prioritas"]),
    (Field::Language, &["language", "bahasa", "lang"]),
    (Field::TimeZone, &["timezone", "zonawaktu", "zona", "tz"]),
    (Field::Note, &["note", "notes", "keterangan", "ket", "catatan", "remark", "remarks", "comment", "comments"]),
];

/// The field that a header name, as [`key`](crate::list::text::key) makes it, stands for, and the rank of the name among
/// those of the field: 0 is the best.
pub fn meaning(key: &str) -> Option<(Field, usize)> {
    let rank = |names: &[&str], key: &str| names.iter().position(|name| *name == key);
    NAMES.iter().find_map(|(field, names)| {
        let plain = match field {
            Field::Amount => key.trim_end_matches("idr").trim_end_matches("rp"),
            // NO HP 1, NO HP 2.
            Field::Phone => key.trim_end_matches(['1', '2', '3']),
            _ => key,
        };
        Some((*field, rank(names, plain)?))
    })
}
