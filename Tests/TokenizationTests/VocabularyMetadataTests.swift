import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

@Suite struct VocabularyMetadataTests {
  static let checkpoints = ["llama-gqa", "llama-sharded", "llama3-tied", "yi", "aquila", "mistral"]

  @Test("gives the reference converter's keys, types, values and order", arguments: checkpoints)
  func metadataEqualsTheReference(name: String) throws {
    let files = try TokenizerFiles(LocalFolder(Fixtures.path(name)))
    let expected = try ExpectedMetadata.tokenizer(Fixtures.path("expected", name, "metadata.json"))
    try expectMetadata(files, equals: expected)
  }

  @Test("follows the reference converter where files disagree or are missing", arguments: FixtureVariant.names)
  func variantMetadataEqualsTheReference(name: String) throws {
    let variant = try FixtureVariant(name)
    let expected = try ExpectedMetadata.tokenizer(variant.expectedMetadata, base: variant.baseMetadata)
    try expectMetadata(try TokenizerFiles(LocalFolder(variant.folder.path)), equals: expected)
  }

  @Test func variantsAreThere() {
    #expect(FixtureVariant.names.count > 20)
  }

  private func expectMetadata(_ files: TokenizerFiles, equals expected: [(key: String, value: MetadataValue)]) throws {
    let made = try Vocabulary.read(files).vocabulary.metadata()
    #expect(made.pairs.keys.map(\.text) == expected.map(\.key))
    for (key, value) in expected {
      #expect(made[key] == value, "\(key): the reference has \(value.display())")
    }
  }
}
