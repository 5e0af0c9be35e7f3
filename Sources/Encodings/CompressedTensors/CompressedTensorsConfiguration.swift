import Bytes
import Tensors

/// `quantization_config` of compressed-tensors: which modules are quantized, and how.
struct CompressedTensorsConfiguration: Sendable {
  /// A member of `config_groups`.
  struct Group: Sendable {
    let name: String
    /// Nil if the group quantizes activations alone.
    let weights: WeightArguments?
    /// The stored form; nil if nothing states one.
    let format: CompressedFormat?
  }

  let groups: [Group]
  /// Those that quantize weights.
  private let quantizing: [Group]
  /// Whether all of those do so in the same way.
  private let isUniform: Bool
  /// Which group a module belongs to.
  private let targets: ModuleTargets
  /// Whether weights are stored as codes; otherwise as values that are rounded, or will be, with scales beside them.
  let isCompressed: Bool
  /// The packing of the release that wrote the checkpoint; nil if nothing says so.
  let packing: CodePacking?
  /// The members that are not read, by key path.
  let unread: [String]

  private static let members: Set<String> = [
    "quant_method", "config_groups", "format", "ignore", "version", "quantization_status", "kv_cache_scheme",
    "global_compression_ratio", "sparsity_config", "transform_config", "moe_sparsity_config", "run_compressed",
    "dequantize",
  ]
  private static let groupMembers: Set<String> = [
    "targets", "weights", "input_activations", "output_activations", "format",
  ]
  /// No published configuration has more than some dozens.
  private static let largestGroupCount = 10_000

  init(_ json: JSON) throws(EncodingError) {
    let members = StatedMembers(json, path: "")
    try Self.refuseTransforms(members)
    let format = try CompressedFormat(members)
    guard let stated = members["config_groups"]?.object, stated.count <= Self.largestGroupCount else {
      throw .member("config_groups", expected: "an object of config groups")
    }
    var groups: [Group] = [], targets: [(String, Int)] = []
    var unread = members.unread(Self.members)
    for (key, value) in stated {
      let path = "config_groups.\(key.text)"
      if let names = value.array?.compactMap(\.string), value.array?.count == names.count {
        guard let weights = WeightArguments.preset(key.text) else {
          throw .member(path, expected: "an object, or a preset such as \"W4A16\" with its targets")
        }
        groups.append(Group(name: key.text, weights: weights.arguments, format: format?.ofGroups))
        targets += names.map { ($0, groups.count - 1) }
        continue
      }
      guard value.object != nil else { throw .member(path, expected: "an object") }
      let group = StatedMembers(value, path: path)
      guard let names = try group.texts("targets") else {
        throw .member("\(path).targets", expected: "a list of strings")
      }
      var weights: WeightArguments?
      if let arguments = group["weights"] {
        guard arguments.object != nil else { throw .member("\(path).weights", expected: "an object or null") }
        weights = try WeightArguments(arguments, path: "\(path).weights")
        unread += StatedMembers(arguments, path: "\(path).weights").unread(WeightArguments.members)
      }
      unread += group.unread(Self.groupMembers)
      groups.append(Group(name: key.text, weights: weights, format: try CompressedFormat(group) ?? format?.ofGroups))
      targets += names.map { ($0, groups.count - 1) }
    }
    _ = try members.texts("ignore")
    self.groups = groups
    let quantizing = groups.filter { $0.weights != nil }
    self.quantizing = quantizing
    isUniform = quantizing.allSatisfy { $0.weights == quantizing[0].weights && $0.format == quantizing[0].format }
    self.targets = try ModuleTargets(targets, path: "config_groups")
    self.unread = unread
    let status = try members.text("quantization_status")
    isCompressed = status == "compressed" && format != .dense && format != .rounded
    packing = try members.text("version").flatMap(CodePacking.init(version:))
  }

  /// What changes tensors in other ways than by quantizing them is not undone.
  private static func refuseTransforms(_ members: StatedMembers) throws(EncodingError) {
    func refused(_ what: String) -> EncodingError { .refused(what: what, nextStep: CompressedFormat.nextStep) }
    if let sparsity = members["sparsity_config"]?["format"], !sparsity.isNull, sparsity.string != "dense" {
      let format = sparsity.string?.quoted ?? sparsity.kindName
      throw refused("stored without its zeros (quantization_config.sparsity_config.format \(format) in config.json)")
    }
    if members["transform_config"]?["config_groups"]?.object?.isEmpty == false {
      throw refused("rotated when it runs (quantization_config.transform_config in config.json)")
    }
    if members["moe_sparsity_config"] != nil {
      throw refused(
        "pruned to different numbers of experts (quantization_config.moe_sparsity_config in config.json)")
    }
  }

  /// The group by which the weight of `module` is quantized, as the library finds it.
  ///
  /// A weight that is stored quantized belongs to some group. Where no target matches, since the model's classes have other
  /// module names than its files, it is the only group that `fits`.
  ///
  /// - Parameter steps: what is left of the budget for patterns.
  /// - Throws: if a pattern takes too long.
  func group(
    of module: String, steps: inout Int, where fits: (Group) -> Bool
  ) throws(EncodingError) -> Group? {
    guard !isUniform else { return quantizing.first }
    do throws(PythonPatternError) {
      let matches = try targets.matches(module, steps: &steps)
      if let match = matches.first(where: { groups[$0].weights != nil }) { return groups[match] }
    } catch {
      throw .pattern(error, member: "config_groups")
    }
    let fitting = quantizing.filter(fits)
    return fitting.count == 1 ? fitting.first : nil
  }
}

/// How the weights of a config group are stored.
enum CompressedFormat: String, Sendable, CaseIterable {
  case packedIntegers = "pack-quantized"
  case integers = "int-quantized"
  case naive = "naive-quantized"
  case floats = "float-quantized"
  case mxfp8 = "mxfp8-quantized"
  case nvfp4 = "nvfp4-pack-quantized"
  case mxfp4 = "mxfp4-pack-quantized"
  case dense
  /// Each group has a form of its own.
  case mixed = "mixed-precision"
  /// Weights that are rounded and stored as plain values.
  case rounded = "fakequant"

  static let nextStep = "convert the original model, or a copy that transformers dequantized"
  private static let unread = ["marlin-24", "sparse-24-bitmask", "sparse-bitmask", "mxfp6-pack-quantized"]

  /// The member `format`.
  init?(_ members: StatedMembers) throws(EncodingError) {
    guard let text = try members.text("format") else { return nil }
    let path = members.path.isEmpty ? "format" : "\(members.path).format"
    guard !Self.unread.contains(text) else {
      throw .refused(
        what: "stored in the format \(text.quoted) of compressed-tensors (quantization_config.\(path) in config.json)",
        nextStep: Self.nextStep)
    }
    guard let format = Self(rawValue: text) else {
      throw .member(path, expected: Self.allCases.map(\.rawValue.quoted).joined(separator: ", "))
    }
    self = format
  }

  /// The form of groups that state none.
  var ofGroups: CompressedFormat? { self == .mixed || self == .rounded ? nil : self }
}
