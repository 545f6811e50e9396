using LongContext.Chat;

namespace LongContext.Generation;

/// <summary>Tells what a model thinks from what it answers, however the text comes in pieces: what could be the beginning of a tag is held back until it is known.</summary>
/// <remarks>
/// Thoughts stand at the beginning: behind the opening tag, before which only white space may be, or from the first character on where the prompt has opened them. Tags anywhere else are text. Line feeds
/// beside the tags belong to the templates, which put them there again, and are left out. Where the closing tag never comes, because the answer ends before it, all is thought.
/// </remarks>
/// <param name="tags">What stands around the thoughts.</param>
/// <param name="stage">Where the text begins.</param>
/// <param name="keepsTags">Whether thoughts come as they were written, tags and line feeds included. Default false.</param>
internal sealed class ReasoningSplitter(ReasoningTags tags, ReasoningStage stage, bool keepsTags = false)
{
    private string held = "";
    private bool atBeginning = stage == ReasoningStage.Thinking && !keepsTags;

    /// <summary>Whether thoughts are text like any other but that they are told apart.</summary>
    public bool KeepsTags => keepsTags;

    /// <summary>The same for thoughts as they are written.</summary>
    public ReasoningSplitter KeepingTags() => new(tags, Stage, keepsTags: true);

    /// <summary>Where the text is now.</summary>
    public ReasoningStage Stage { get; private set; } = stage;

    /// <summary>Takes the next piece.</summary>
    /// <returns>What is known of it and of what was held back; thoughts go before text.</returns>
    public (string Reasoning, string Text) Add(string piece)
    {
        string rest = held + piece, reasoning = "";
        held = "";
        if (Stage == ReasoningStage.Before && !Open(ref rest)) return ("", "");
        if (Stage == ReasoningStage.Thinking && !Close(ref rest, out reasoning)) return (reasoning, "");
        return (reasoning, Beginning(rest));
    }

    /// <summary>What was held back, once no more comes.</summary>
    public (string Reasoning, string Text) Flush()
    {
        string rest = held;
        held = "";
        return Stage == ReasoningStage.Thinking ? (rest, "") : ("", rest);
    }

    /// <summary>Looks for the opening tag; false while it may yet come.</summary>
    private bool Open(ref string rest)
    {
        string text = rest.TrimStart();
        if (text.Length < tags.Opening.Length && tags.Opening.StartsWith(text, StringComparison.Ordinal))
        {
            held = rest;
            return false;
        }

        if (!text.StartsWith(tags.Opening, StringComparison.Ordinal))
        {
            // An answer without thoughts: nothing of it is left out.
            Stage = ReasoningStage.Answering;
            return true;
        }

        (Stage, atBeginning) = (ReasoningStage.Thinking, !keepsTags);
        if (!keepsTags) rest = text[tags.Opening.Length..];
        return true;
    }

    /// <summary>Looks for the closing tag; false while it has not come.</summary>
    private bool Close(ref string rest, out string reasoning)
    {
        rest = Beginning(rest);
        int end = rest.IndexOf(tags.Closing, StringComparison.Ordinal);
        if (end >= 0)
        {
            int behind = end + tags.Closing.Length;
            reasoning = keepsTags ? rest[..behind] : rest[..end].TrimEnd('\n');
            rest = rest[behind..];
            (Stage, atBeginning) = (ReasoningStage.Answering, !keepsTags);
            return true;
        }

        int kept = Math.Min(rest.Length, tags.Closing.Length - 1);
        while (kept > 0 && !tags.Closing.AsSpan().StartsWith(rest.AsSpan(rest.Length - kept), StringComparison.Ordinal)) kept--;
        int free = rest.Length - kept;
        while (!keepsTags && free > 0 && rest[free - 1] == '\n') free--;
        (reasoning, held) = (rest[..free], rest[free..]);
        return false;
    }

    /// <summary>A text without the line feeds that follow a tag.</summary>
    private string Beginning(string text)
    {
        if (!atBeginning) return text;
        text = text.TrimStart('\n');
        if (text.Length > 0) atBeginning = false;
        return text;
    }
}
