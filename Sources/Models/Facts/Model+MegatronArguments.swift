import Architectures
import Bytes
import Formats

extension Model {
  /// The arguments of Megatron-LM that state the hyperparameters, by the table that `MegatronFacts` reads them with; and
  /// in words the hyperparameters that no argument states.
  public func megatronArguments() -> (members: [PyTorchObject.Member], lost: [String]) {
    let members = definition.configurationMembers(hyperparameters)
    var arguments: [PyTorchObject.Member] = []
    func add(_ name: String, _ value: PyTorchObject) { arguments.append(PyTorchObject.Member(name, value)) }
    for (key, names) in MegatronFacts.keys {
      guard key != "num_key_value_heads", let value = members[ExactString(key)]?.megatronValue else { continue }
      add(names.written, value)
    }
    let heads = hyperparameters.integer("head_count"), groups = hyperparameters.integer("key_value_head_count")
    let isGrouped = groups != nil && groups != heads
    add("group_query_attention", .bool(isGrouped))
    add("num_query_groups", .integer(isGrouped ? groups ?? 1 : 1))
    add("untie_embeddings_and_output_weights", .bool(!hyperparameters.flag("ties_embeddings")))
    add("add_bias_linear", .bool(hyperparameters.flag("has_feed_forward_bias")))
    var lost = lostInMegatron
    switch hyperparameters.rotaryScaling {
    case .none: break
    case .linear(let factor):
      add("rotary_seq_len_interpolation_factor", JSON.real(factor).megatronValue ?? .real(factor))
    case .llama3(let factor, let low, let high, let original):
      add("use_rope_scaling", .bool(true))
      add("rope_scaling_factor", .real(factor))
      typealias Fixed = MegatronFacts.Llama3Scaling
      if low != Fixed.lowFrequencyFactor { lost.append("low_freq_factor \(low) of rotary scaling \"llama3\"") }
      if high != Fixed.highFrequencyFactor { lost.append("high_freq_factor \(high) of rotary scaling \"llama3\"") }
      if original != Fixed.originalContextLength {
        lost.append("original_max_position_embeddings \(original) of rotary scaling \"llama3\"")
      }
    default:
      let type = hyperparameters.rotaryScaling.configurationMember?["rope_type"]?.string ?? "none"
      lost.append("rotary scaling \(type.quoted)")
    }
    return (arguments, lost)
  }

  /// Members of config.json that state something else than by default, and that no argument states.
  private var lostInMegatron: [String] {
    let stated = MegatronFacts.otherKeys.union(MegatronFacts.keys.map(\.key))
    return definition.hyperparameters.compactMap { rule in
      guard let key = rule.writtenKey, !stated.contains(key), let value = hyperparameters.values[rule.name],
        value != rule.defaultValue(hyperparameters)
      else { return nil }
      return "\(key) \(value)"
    }
  }
}

extension JSON {
  /// The number as arguments have it, whole numbers as integers: `--rotary-base` is one.
  fileprivate var megatronValue: PyTorchObject? {
    if let integer { return .integer(integer) }
    return real.map { value in Int(exactly: value).map { .integer($0) } ?? .real(value) }
  }
}
