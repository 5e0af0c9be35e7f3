import Crypto

/// The text by which llama.cpp's converter recognizes a pre-tokenizer.
///
/// The converter hashes the ids of the text, written as a list of Python, with the special tokens around a prompt. A
/// digest therefore belongs to one vocabulary, and a name that it gives is the one that the converter writes.
enum CheckText {
  /// The converter's name for a tokenizer; nil if its table lacks the tokenizer.
  static func name(of tokenizer: Tokenizer) -> String? { names[digest(tokenizer.encode(text))] }

  /// The hexadecimal SHA-256 of `[1, 2, 3]`.
  static func digest(_ ids: [Int]) -> String {
    let list = "[" + ids.map(String.init).joined(separator: ", ") + "]"
    let digits = Array("0123456789abcdef")
    return String(SHA256.hash(data: Array(list.utf8)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
