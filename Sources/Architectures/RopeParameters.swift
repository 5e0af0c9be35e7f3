import Bytes

/// The RoPE parameters of config.json, combined as transformers 5.24 does (`convert_rope_params_to_dict`).
///
/// transformers 4 writes `rope_theta` and `rope_scaling` (with `type` or `rope_type`), transformers 5 `rope_parameters`,
/// which has everything. A file can have all of them.
public struct RopeParameters: Sendable {
  /// Which `rope_parameters` a class of transformers reads.
  public enum Form: String, Sendable, CaseIterable {
    /// One set. `rope_scaling` replaces the whole of `rope_parameters`.
    case single
    /// The same, or a set for each type of layers. `rope_scaling` replaces all of it.
    case nested
    /// A set for each type of layers. `rope_scaling` changes that of layers with full attention.
    case byLayerType = "by_layer_type"
    /// A set for each type of layers; `rope_scaling` is not read (Gemma 4).
    case byLayerTypeOnly = "by_layer_type_only"
  }

  /// The members for layers with full attention, with `rope_type` always so called.
  public let members: JSON.Object
  /// Those for layers with a sliding window, if they have their own.
  public let slidingMembers: JSON.Object?
  /// How rotary frequencies of layers with a sliding window are scaled, where those of full attention alone may be.
  let slidingScaling: String?
  /// The older `type` of the same set.
  let olderType: JSON?
  /// The path of `members` in config.json.
  public let path: String
  /// The members of `rope_parameters` that `rope_scaling` overrides, and both values.
  let overridden: Overridden?

  /// Two members of config.json that contradict each other.
  struct Overridden: Sendable, Hashable {
    let usedPath: String, used: JSON
    let otherPath: String, other: JSON
  }

  private static let full = "full_attention", sliding = "sliding_attention"

  init(_ configuration: JSON, form: Form) {
    func members(_ key: String) -> JSON.Object? {
      configuration[key]?.object.flatMap { $0.isEmpty ? nil : $0 }
    }
    let old = form == .byLayerTypeOnly ? nil : members("rope_scaling"), new = members("rope_parameters")
    guard form == .byLayerType || form == .byLayerTypeOnly else {
      let key = old == nil ? "rope_parameters" : "rope_scaling"
      let all = old ?? new ?? [:]
      let nested = form == .nested ? all[ExactString(Self.full)]?.object : nil
      self.members = Self.standard(nested ?? all)
      olderType = (nested ?? all)["type"]
      slidingScaling = nil
      slidingMembers = form == .nested ? all[ExactString(Self.sliding)]?.object : nil
      path = nested == nil ? key : "\(key).\(Self.full)"
      overridden = old.flatMap { old in
        new.flatMap { new in
          let replaced = form == .nested ? new[ExactString(Self.full)]?.object ?? new : new
          let base = configuration["rope_theta"]
          return Self.complete(nested ?? old, base) == Self.complete(replaced, base)
            ? nil
            : Overridden(
              usedPath: "rope_scaling", used: .object(old), otherPath: "rope_parameters", other: .object(new))
        }
      }
      return
    }
    // Gemma 4's class has its own default for a file without any.
    let preset: JSON.Object =
      form == .byLayerTypeOnly && new == nil
      ? ["rope_type": .string("proportional"), "partial_rotary_factor": .real(0.25)]
      : ["rope_type": .string("default")]
    var full = new?[ExactString(Self.full)]?.object ?? preset
    let changed = (old ?? [:]).first { key, value in full[key].map { $0 != value } ?? false }
    overridden = new.flatMap { _ in
      changed.map { key, value in
        Overridden(
          usedPath: "rope_scaling.\(key)", used: value, otherPath: "rope_parameters.\(Self.full).\(key)",
          other: full[key] ?? .null)
      }
    }
    for (key, value) in old ?? [:] { full[key] = value }
    self.members = Self.standard(full)
    olderType = full["type"]
    slidingMembers = new?[ExactString(Self.sliding)]?.object
    slidingScaling = slidingMembers.flatMap { Self.standard($0)["rope_type"]?.string?.lowercased() }.flatMap {
      $0 == "default" ? nil : $0
    }
    path = new == nil && old != nil ? "rope_scaling" : "rope_parameters.\(Self.full)"
  }

  /// The member at a path within `rope_parameters`: `rope_theta`, `sliding_attention.rope_theta`.
  func member(_ path: some StringProtocol) -> JSON? {
    let parts = path.split(separator: ".")
    guard parts.count == 2 else { return members[ExactString(String(path))] }
    let set = parts[0] == Self.sliding ? slidingMembers : members
    return set?[ExactString(String(parts[1]))]
  }

  /// Returns where config.json states the member at a path within `rope_parameters`.
  func location(_ path: some StringProtocol) -> String {
    let parts = path.split(separator: ".")
    if parts.count == 2, parts[0] == Self.sliding { return "rope_parameters.\(path)" }
    return "\(self.path).\(parts.last ?? "")"
  }

  private static func standard(_ members: JSON.Object) -> JSON.Object {
    var members = members
    if members["rope_type"] == nil, let type = members["type"] { members["rope_type"] = type }
    members["type"] = nil
    return members
  }

  /// The members with the defaults that make two sets comparable.
  private static func complete(_ members: JSON.Object, _ base: JSON?) -> [ExactString: JSON] {
    var all = Dictionary(uniqueKeysWithValues: standard(members).map { ($0.key, $0.value) })
    all = all.filter { !$0.value.isNull }
    if all["rope_type"] == nil { all["rope_type"] = .string("default") }
    if all["rope_theta"] == nil { all["rope_theta"] = base }
    return all.mapValues { value in value.real.map { .real($0) } ?? value }
  }
}
