namespace LongContext.Chat.Formats;

/// <summary>Zephyr and TinyLlama: every turn ends with the end-of-sentence token and a line feed.</summary>
internal static class ZephyrFormats
{
    public static ChatFormat Create(string endOfSentence) => new BlockFormat("zephyr", endOfSentence)
    {
        Header = role => $"<|{role}|>\n",
        EndOfTurn = endOfSentence,
        AfterTurn = "\n",
    };
}
