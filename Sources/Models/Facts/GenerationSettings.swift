import Bytes
import Formats
import Tokenization

/// What config.json and generation_config.json state about generating text.
public struct GenerationSettings: Sendable {
  /// The members of config.json; those of the text model in a model with images or sound.
  public let configuration: JSON.Object
  /// The members of generation_config.json; nil if there is none. transformers follows it alone if it exists.
  public let generation: JSON.Object?

  /// Reads the files; nil for kinds of checkpoints that do not have them.
  ///
  /// - Throws: if generation_config.json cannot be read.
  public init?(_ facts: any ModelFacts) throws {
    guard let configuration = facts.configuration?.json.object else { return nil }
    self.configuration = configuration
    generation = try facts.folder?.json("generation_config.json")?.object
  }

  /// The ids of a role in config.json: none, one, or several ends.
  public func configuredIDs(of role: SpecialToken) -> Set<Int> { Self.ids(of: role, in: configuration) }

  /// The ids of a role that transformers uses when it generates text.
  public func generationIDs(of role: SpecialToken) -> Set<Int> { Self.ids(of: role, in: generation ?? configuration) }

  private static func ids(of role: SpecialToken, in members: JSON.Object) -> Set<Int> {
    guard let value = members[ExactString(role.configurationKey)] else { return [] }
    // -1 is how some configurations write "none".
    return Set(value.array?.compactMap(\.integer) ?? value.integer.map { [$0] } ?? []).subtracting([-1])
  }
}
