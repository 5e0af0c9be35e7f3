import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

@Suite("The metadata of a vocabulary")
struct VocabularyMetadataTests {
  static let fixtures = ArchitectureFixture.ready(.conversion).filter { $0.hasExpected("metadata.json") }
  static let checkpoints = ["llama-gqa", "llama-sharded", "llama3-tied", "yi", "aquila", "mistral"]

  @Test("has the reference converter's keys, types, values and order", arguments: checkpoints)
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

  @Test("is that of the reference converter for every architecture", arguments: fixtures)
  func architectures(fixture: ArchitectureFixture) throws {
    let folder = TemporaryFolder()
    let files = try TokenizerFiles(LocalFolder(fixture.stage(in: folder)))
    let configuration = Configuration(try #require(files.model))
    let rules = try BundledRules.matching(class: configuration.classes.first, modelType: configuration.modelType)
    let expected = try ExpectedMetadata.tokenizer(fixture.expectedPath("metadata.json"))
    // Phi-2's definition states this before the vocabulary does.
    let isStated = expected.first?.key == "tokenizer.ggml.add_bos_token"
    try expectMetadata(
      files, rules: rules, vocabularySize: configuration.json["vocab_size"]?.integer,
      after: isStated ? ["tokenizer.ggml.add_bos_token": .bool(true)] : [:], equals: expected)
  }

  @Test("has fixtures to test")
  func fixtureCount() {
    #expect(Self.fixtures.count > 10)
    #expect(FixtureVariant.names.count > 20)
  }

  private func expectMetadata(
    _ files: TokenizerFiles, rules: VocabularyRules? = nil, vocabularySize: Int? = nil,
    after stated: KeyValuePairs<String, MetadataValue> = [:], equals expected: [(key: String, value: MetadataValue)]
  ) throws {
    let rules = try rules ?? BundledRules.named("llama")
    let vocabulary = try Vocabulary.read(
      files, rules: rules, vocabularySize: vocabularySize, departsFromReference: false
    ).vocabulary
    var made = Metadata()
    for (key, value) in stated { made[key] = value }
    for (key, value) in vocabulary.metadata().pairs { made[key.text] = value }
    #expect(made.pairs.keys.map(\.text) == expected.map(\.key))
    for (key, value) in expected {
      #expect(made[key] == value, "\(key): the reference has \(value.display())")
    }
  }
}
