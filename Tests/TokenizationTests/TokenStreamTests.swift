import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// A text that is encoded part by part has the ids of the whole text.
@Suite("A text encoded in parts")
struct TokenStreamTests {
  private static let text = KindEncodingTests.Golden.texts.joined(separator: " then comes more ") + " and an end"

  private func expectSameIDs(_ vocabulary: Vocabulary) throws {
    let tokenizer = try Tokenizer(vocabulary)
    let whole = tokenizer.encode(Self.text, specialTokens: .omit)
    for byteCount in [1, 7, 64, 1000] {
      var stream = TokenStream(tokenizer)
      var ids: [Int] = []
      var longest = 0
      let bytes = Array(Self.text.utf8)
      for start in stride(from: 0, to: bytes.count, by: byteCount) {
        let part = stream.append(bytes[start..<min(bytes.count, start + byteCount)])
        ids += try #require(part)
        longest = max(longest, stream.pendingByteCount)
      }
      let rest = stream.finish()
      ids += try #require(rest)
      #expect(ids == whole, "\(vocabulary.kind) of \(vocabulary.reader), \(byteCount) bytes at a time")
      #expect(longest < bytes.count)
    }
  }

  @Test("in the tokenizers of folders and of GGUFs", arguments: KindEncodingTests.Golden.all)
  func parts(golden: KindEncodingTests.Golden) throws {
    let vocabulary = try golden.vocabulary()
    try expectSameIDs(vocabulary)
    try expectSameIDs(Vocabulary(vocabulary.metadata()))
  }

  @Test("is never cut inside a token with spaces")
  func spacedToken() throws {
    var vocabulary = Vocabulary(kind: .byteLevel, preTokenizer: "gpt-2")
    vocabulary.tokens = PackedStrings(ByteLevel.scalars.map { String($0) } + ["to be or not"])
    vocabulary.types = [TokenType](repeating: .normal, count: 256) + [.userDefined]
    vocabulary.addedTokens = [AddedToken(id: 256, text: "to be or not")]
    for reader in [Vocabulary.Reader.transformers, .llamaCpp] {
      vocabulary.reader = reader
      var stream = try TokenStream(Tokenizer(vocabulary))
      var ids: [Int] = []
      for byte in "say to be or not to be".utf8 {
        let part = stream.append([byte])
        ids += try #require(part)
      }
      let rest = stream.finish()
      ids += try #require(rest)
      // The id of a byte is its own number in this vocabulary.
      let (start, end) = (Array("say ".utf8).map(Int.init), Array(" to be".utf8).map(Int.init))
      #expect(ids == start + [256] + end)
    }
  }

  @Test("is refused if it is not UTF-8")
  func invalidText() throws {
    var stream = try TokenStream(Tokenizer(KindEncodingTests.Golden.all[0].vocabulary()))
    let part = stream.append([0x61, 0xFF])
    #expect(part == [])
    let rest = stream.finish()
    #expect(rest == nil)
  }
}
