using LongContext.Chat;

namespace LongContext.Generation.Grammars;

/// <summary>A function that a request's answer may call.</summary>
/// <param name="Tool">The function.</param>
/// <param name="IsStrict">Whether a schema that a grammar cannot hold is refused; else any object counts then.</param>
internal readonly record struct CallableTool(ChatTool Tool, bool IsStrict);
