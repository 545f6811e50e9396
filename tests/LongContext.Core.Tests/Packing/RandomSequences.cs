namespace LongContext.Packing;

/// <summary>Random sequences for the tests here: some with a mask, some without a target.</summary>
internal static class RandomSequences
{
    public static TokenSequence Next(Random random, int longest)
    {
        int[] tokens = new int[random.Next(1, longest + 1)];
        for (int i = 0; i < tokens.Length; i++) tokens[i] = random.Next();
        if (random.Next(2) == 0) return new TokenSequence(tokens);
        bool[] mask = new bool[tokens.Length];
        for (int i = 0; i < mask.Length; i++) mask[i] = random.Next(3) == 0;
        return new TokenSequence(tokens, mask);
    }
}
