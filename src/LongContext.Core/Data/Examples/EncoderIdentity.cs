using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using LongContext.Chat;
using LongContext.Tokenization;

namespace LongContext.Data.Examples;

/// <summary>What decides which tokens an encoder makes, in one line of text.</summary>
internal static class EncoderIdentity
{
    /// <summary>Written to tell formats of the same name apart: all of them take it.</summary>
    private static readonly ChatTurn[] ProbeTurns = [ChatTurn.User("q1"), ChatTurn.Assistant("a1"), ChatTurn.User("q2"), ChatTurn.Assistant("a2")];

    private static readonly ChatToolCall ProbeCall = new("abcdefghi", "f", JsonElement.Parse("{\"a\": 1}"));

    private static readonly ChatTurn[] ProbeToolTurns =
        [ChatTurn.User("q"), ChatTurn.Assistant("") with { ToolCalls = [ProbeCall] }, ChatTurn.Tool("r", ProbeCall.Id), ChatTurn.Assistant("a")];

    public static string Find(HuggingFaceTokenizer tokenizer, ChatFormat? format, ExampleEncoderOptions options)
    {
        string chat = format is null ? "none" : $"{format.Name}:{Hash(Probe(format, options))}";
        return $"tokenizer={tokenizer.Fingerprint};chat={chat};prompts={(options.LearnsPrompts ? "learned" : "read")};end={(options.AddsEndOfSentence ? "added" : "not added")}";
    }

    private static string Probe(ChatFormat format, ExampleEncoderOptions options)
    {
        ChatRenderOptions? given = options.Rendering;
        // Of a date that is today's the day is not part of it, or nothing could be gone on with tomorrow.
        ChatRenderOptions rendering = new() { EnableThinking = given?.EnableThinking, Date = given?.Date ?? new DateOnly(2000, 1, 1), Tools = given?.Tools ?? [] };
        string text = Written(ProbeTurns), withSystem = Written([ChatTurn.System("s"), .. ProbeTurns]);
        string tools = format.ToolCalls is null ? "" : Written(ProbeToolTurns, rendering with { Tools = [new ChatTool("f", "d", ProbeCall.Arguments)] });
        return string.Create(CultureInfo.InvariantCulture, $"{text}\0{withSystem}\0{given?.Date is null}\0{tools}");

        string Written(IReadOnlyList<ChatTurn> turns, ChatRenderOptions? otherwise = null)
        {
            try
            {
                // With where the answers stand: of two settings that write the same text one may leave more of it to the model.
                ChatText written = format.Render(turns, otherwise ?? rendering);
                return $"{written.Text}\0{string.Join(',', written.AssistantSpans)}";
            }
            catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
            {
                return "refused";
            }
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(XxHash128.Hash(MemoryMarshal.AsBytes(text.AsSpan())));
}
