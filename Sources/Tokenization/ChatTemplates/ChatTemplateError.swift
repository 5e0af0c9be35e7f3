import Bytes

/// Why a chat template is not a Jinja template.
public struct ChatTemplateError: IngotError, Equatable {
  public enum Reason: Sendable, Hashable {
    /// A block has no end tag.
    case unclosed(tag: String)
    /// An end tag or a branch without its block; `open` is the block that it is in.
    case unexpected(tag: String, open: String?)
    /// A tag that Jinja does not have.
    case unknownTag(String)
    /// A tag of a kind that needs more after its name.
    case incomplete(tag: String)
    /// `{{`, `{%` or `{#` without its end.
    case unterminated(String)
    /// `{{ }}` or `{% %}` with nothing in it.
    case empty(String)
    /// A closing bracket without an opening one, or of another kind.
    case bracket(String)
    /// A string without its second quote, or a character that is part of no expression.
    case character(String)
  }

  public let reason: Reason
  /// The line of the tag, counted from 1.
  public let line: Int

  public var category: ErrorCategory { .input }

  public var description: String { "line \(line.grouped): \(reason.wording)" }
}

extension ChatTemplateError.Reason {
  fileprivate var wording: String {
    switch self {
    case .unclosed(let tag): "{% \(tag) %} has no {% end\(tag) %}"
    case .unexpected(let tag, let open?): "{% \(tag) %} is inside {% \(open) %}, expected {% end\(open) %} first"
    case .unexpected(let tag, nil): "{% \(tag) %} belongs to no block"
    case .unknownTag(let tag): "{% \(tag.escapedForDisplay) %} is not a tag of Jinja"
    case .incomplete(let tag): "{% \(tag) %} is incomplete"
    case .unterminated(let opening): "\(opening) is not closed"
    case .empty(let tag): "\(tag) is empty"
    case .bracket(let text): "\(text) closes no bracket of its kind"
    case .character(let text): "\(text.escapedForDisplay) is not part of an expression"
    }
  }
}
