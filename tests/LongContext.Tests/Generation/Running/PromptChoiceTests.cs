using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Running;

namespace LongContext.Tests.Generation.Running;

public sealed class PromptChoiceTests
{
    /// <summary>Pools of all sizes, also larger than the prompt, give the tokens that looking at each neighbour gives.</summary>
    [Theory]
    [InlineData(VotePooling.Maximum)]
    [InlineData(VotePooling.Mean)]
    public void Choose_PoolsOfAllSizes_KeepsWhatEachTokensNeighboursSay(VotePooling pooling)
    {
        var random = new SplitMix64(17);
        foreach (int pool in new[] { 1, 3, 5, 7, 9, 31, 33, 127, 255 })
        {
            for (int round = 0; round < 8; round++)
            {
                int before = 12 + random.NextInt(150), most = 1 + random.NextInt(10);
                var votes = new float[before];
                // Of few values, so that many are equal.
                for (int i = 0; i < before; i++) votes[i] = random.NextInt(5) / 7f;
                var choice = new PromptChoice(new PromptSelection { MaximumTokens = most + 2, ObservedTokens = 2, Pooling = pooling, PoolSize = pool }, before + 2);
                choice.Choose(0, 0, votes);
                float[] pooled = [.. Enumerable.Range(0, before).Select(i => Pooled(votes[Math.Max(0, i - (pool / 2))..Math.Min(before, i + (pool / 2) + 1)]))];
                int[] best = [.. Enumerable.Range(0, before).OrderByDescending(i => pooled[i]).ThenBy(i => i).Take(most).Order(), before, before + 1];
                Assert.Equal(best, choice.Kept(0, 0).ToArray());

                float Pooled(float[] near)
                {
                    float sum = 0;
                    foreach (float vote in near) sum += vote;
                    return pooling == VotePooling.Maximum ? near.Max() : sum / pool;
                }
            }
        }
    }
}
