//! How the enums of the model are made: a published list of values, open for values that are not in it yet.
//!
//! Macros, because each enum needs the same six items over its own list. Reading never fails for an unknown value
//! of the right JSON type: it is kept as `Unlisted` and written back unchanged.

/// An enum that is a number on the wire.
macro_rules! numeric_enum {
    ($(#[$meta:meta])* $name:ident $(default $default:ident)? {
        $($variant:ident = $code:literal $title:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`: ", $title, ".")] $variant,)+
            /// A number that is not in the published list; it is passed on unchanged.
            Unlisted(i32),
        }

        impl $name {
            /// All published values, by number.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The number on the wire.
            pub const fn code(self) -> i32 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Unlisted(code) => code,
                }
            }

            /// The value with that number.
            pub const fn from_code(code: i32) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    code => Self::Unlisted(code),
                }
            }

            /// The published title; `Unlisted` for a number outside the list.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                    Self::Unlisted(_) => "Unlisted",
                }
            }
        }

        $(impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        })?

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i32(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::integer::required(deserializer).map(Self::from_code)
            }
        }
    };
}

/// An enum that is a word on the wire.
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident $(default $default:ident)? {
        $($variant:ident = $text:literal $(| $alias:literal)*,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`.")] $variant,)+
            /// A word that is not in the published list; it is passed on unchanged.
            Unlisted(String),
        }

        impl $name {
            /// All published values.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unlisted(text) => text,
                }
            }
        }

        $(impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        })?

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text $(| $alias)* => Self::$variant,)+
                    text => Self::Unlisted(text.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Ok(Self::from(&*text))
            }
        }
    };
}

pub(super) use {numeric_enum, text_enum};
