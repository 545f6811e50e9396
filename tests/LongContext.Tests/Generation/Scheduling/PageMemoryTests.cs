using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using TorchSharp;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>Pages whose memory comes and goes several at a time.</summary>
public sealed class PageMemoryTests
{
    /// <summary>Long texts fill the pages of layers without a window, and then short ones need those of the others: what is given back must be whole slabs, else both are held.</summary>
    [Fact]
    public void Grow_AfterAnotherGroupHadTheMemory_HoldsLittleMoreThanTheBudget()
    {
        const int slabPages = 16;
        using var store = new TorchPageStore(new CacheGroups([LayerShape.Full, new LayerShape(LayerShape.SlidingAttention, 8)]), new TensorCacheFormat(null, torch.ScalarType.Float32, torch.CPU), 4, 1, 2, torch.CPU, slabPages);
        long pageBytes = store.Groups[0].PageBytes, budget = 800 * pageBytes, largest = 0;
        Assert.Equal(pageBytes, store.Groups[1].PageBytes);
        var cache = new PagedCache(store, new PagedCacheOptions { BudgetBytes = budget, Keeps = false });
        var distribution = new TokenDistribution();
        var random = new SplitMix64(3);
        for (int round = 0; round < 6; round++)
        {
            List<EngineSequence> running = [];
            int length = round % 2 == 0 ? 3_000 : 8;
            while (Add(length + random.NextInt(length / 4)))
            {
                // Some come to their end before others.
                if (length == 8 && running.Count > 60 && random.NextInt(3) == 0) Drop(random.NextInt(running.Count));
                if (running.Count > 190) break;
            }

            while (running.Count > 0) Drop(random.NextInt(running.Count));

            bool Add(int tokens)
            {
                var sequence = new EngineSequence(Engines.Model, new GenerationRequest { Prompt = new int[tokens], Options = new GenerationOptions { MaximumNewTokens = 1 } }, null, store, distribution, TimeProvider.System);
                running.Add(sequence);
                while (sequence.Cached < tokens)
                {
                    int wanted = Math.Min(tokens, sequence.Cached + 4);
                    if (cache.Grow(sequence, wanted) < wanted) return false;
                    sequence.Cached = wanted;
                    cache.Forget(sequence);
                    largest = Math.Max(largest, store.CommittedBytes);
                }

                return true;
            }

            void Drop(int index)
            {
                cache.Drop(running[index]);
                running.RemoveAt(index);
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{(double)largest / budget:F2} of the budget was held");
        Assert.InRange(largest, budget, budget + (4 * slabPages * pageBytes));
    }

    [Fact]
    public void PageNumbers_AddedAndTakenFromBothEnds_AreThoseOfASet()
    {
        var numbers = new PageNumbers();
        var expected = new SortedSet<int>();
        var random = new SplitMix64(7);
        for (int i = 0; i < 20_000; i++)
        {
            int kind = random.NextInt(4), number = random.NextInt(1 + (i % 400));
            if (kind < 2 && expected.Add(number)) numbers.Add(number);
            bool any = expected.Count > 0;
            if (kind == 2)
            {
                Assert.Equal((any, any ? expected.Min : -1), (numbers.TryTakeFirst(out int first), first));
                expected.Remove(first);
            }
            else if (kind == 3)
            {
                Assert.Equal((any, any ? expected.Max : -1), (numbers.TryTakeLast(out int last), last));
                expected.Remove(last);
            }
        }
    }
}
