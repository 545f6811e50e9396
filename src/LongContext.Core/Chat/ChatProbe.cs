using System.Globalization;
using System.Text.Json;

namespace LongContext.Chat;

/// <summary>What a format makes of a few conversations, which tells formats apart whatever their names.</summary>
internal static class ChatProbe
{
    /// <summary>Written to tell formats of the same name apart: all of them take it.</summary>
    private static readonly ChatTurn[] Turns = [ChatTurn.User("q1"), ChatTurn.Assistant("a1"), ChatTurn.User("q2"), ChatTurn.Assistant("a2")];

    private static readonly ChatTurn[] SpacedTurns = [ChatTurn.User(" q\n"), ChatTurn.Assistant("\n a "), ChatTurn.User("q")];

    private static readonly ChatToolCall Call = new("abcdefghi", "f", JsonElement.Parse("{\"a\": 1}"));

    private static readonly ChatTurn[] ToolTurns =
        [ChatTurn.User("q"), ChatTurn.Assistant("") with { ToolCalls = [Call] }, ChatTurn.Tool("r", Call.Id), ChatTurn.Assistant("a")];

    /// <summary>The conversations as the format writes them.</summary>
    /// <param name="format">The format.</param>
    /// <param name="given">Thinking, date and tools; null for none.</param>
    public static string Write(ChatFormat format, ChatRenderOptions? given)
    {
        // Of a date that is today's the day is not part of it, or nothing could be gone on with tomorrow.
        ChatRenderOptions rendering = new() { EnableThinking = given?.EnableThinking, Date = given?.Date ?? new DateOnly(2000, 1, 1), Tools = given?.Tools ?? [] };
        string text = Written(format, Turns, rendering), withSystem = Written(format, [ChatTurn.System("s"), .. Turns], rendering);
        string tools = format.ToolCalls is null ? "" : Written(format, ToolTurns, rendering with { Tools = [new ChatTool("f", "d", Call.Arguments)] });
        return string.Create(CultureInfo.InvariantCulture, $"{text}\0{withSystem}\0{given?.Date is null}\0{tools}");
    }

    /// <summary>Whether two formats write the same and ask for answers alike.</summary>
    public static bool AreAlike(ChatFormat first, ChatFormat second) => first.StopTokens[0] == second.StopTokens[0] && Write(first, null) == Write(second, null) && Prompt(first) == Prompt(second);

    /// <summary>With today's date where the format shows one, with what asks for an answer, and with white space that some formats leave out.</summary>
    private static string Prompt(ChatFormat format)
    {
        var options = new ChatRenderOptions { AddGenerationPrompt = true };
        return $"{Written(format, Turns[..3], options)}\0{Written(format, Turns, options)}\0{Written(format, SpacedTurns, options)}\0{Written(format, [ChatTurn.System(" s\n"), .. SpacedTurns], options)}";
    }

    private static string Written(ChatFormat format, IReadOnlyList<ChatTurn> turns, ChatRenderOptions options)
    {
        try
        {
            // With where the answers stand: of two settings that write the same text one may leave more of it to the model.
            ChatText written = format.Render(turns, options);
            return $"{written.Text}\0{string.Join(',', written.AssistantSpans)}";
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            return "refused";
        }
    }
}
