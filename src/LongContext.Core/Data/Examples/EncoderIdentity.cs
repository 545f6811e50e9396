using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Chat;
using LongContext.Tokenization;

namespace LongContext.Data.Examples;

/// <summary>What decides which tokens an encoder makes, in one line of text.</summary>
internal static class EncoderIdentity
{
    public static string Find(HuggingFaceTokenizer tokenizer, ChatFormat? format, ExampleEncoderOptions options)
    {
        string chat = format is null ? "none" : $"{format.Name}:{Hash(ChatProbe.Write(format, options.Rendering))}";
        return $"tokenizer={tokenizer.Fingerprint};chat={chat};prompts={(options.LearnsPrompts ? "learned" : "read")};end={(options.AddsEndOfSentence ? "added" : "not added")}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(XxHash128.Hash(MemoryMarshal.AsBytes(text.AsSpan())));
}
