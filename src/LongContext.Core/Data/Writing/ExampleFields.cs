namespace LongContext.Data.Writing;

/// <summary>What the fields of written examples are called.</summary>
internal static class ExampleFields
{
    public const string Text = "text", Prompt = "prompt", Completion = "completion", PromptCounts = "prompt_counts";
    public const string Messages = "messages", Role = "role", Content = "content", Reasoning = "reasoning_content", Weight = "weight";
    public const string Tools = "tools", ToolCalls = "tool_calls", ToolCallId = "tool_call_id", ToolName = "name";
    public const string Segments = "segments", Counts = "counts", Properties = "properties";
}
