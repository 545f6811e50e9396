namespace LongContext.Chat.Formats;

/// <summary>ChatML and the models that speak it: Qwen 2 and 2.5, SmolLM2, Hermes and many more differ in their default system prompt alone.</summary>
internal static class ChatMlFormats
{
    public const string Qwen2System = "You are a helpful assistant.";
    public const string Qwen25System = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

    /// <param name="name">The format's name.</param>
    /// <param name="defaultSystem">The system prompt of conversations that bring none; null for none.</param>
    /// <param name="beginning">What stands before everything.</param>
    public static ChatFormat Create(string name, string? defaultSystem, string beginning = "") => new BlockFormat(name, "<|im_end|>", "<|endoftext|>")
    {
        Header = role => $"<|im_start|>{role}\n",
        EndOfTurn = "<|im_end|>",
        AfterTurn = "\n",
        Beginning = beginning,
        System = (system, _) => system ?? defaultSystem,
    };
}
