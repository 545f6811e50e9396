namespace LongContext.Models;

/// <summary>The smallest and the largest of some token ids.</summary>
internal readonly record struct TokenIdRange(int Smallest, int Largest)
{
    public static TokenIdRange Of(ReadOnlySpan<int> ids)
    {
        int smallest = int.MaxValue, largest = int.MinValue;
        foreach (int id in ids) (smallest, largest) = (Math.Min(smallest, id), Math.Max(largest, id));
        return new TokenIdRange(smallest, largest);
    }

    /// <exception cref="ArgumentException">An id outside the vocabulary: libtorch would name neither id nor size, and a GPU would stop for good.</exception>
    public void Check(int vocabularySize, string parameterName)
    {
        int wrong = Smallest < 0 ? Smallest : Largest;
        if ((uint)wrong >= (uint)vocabularySize)
            throw new ArgumentException($"Token id {wrong} is outside the model's vocabulary of {vocabularySize} tokens.", parameterName);
    }
}
