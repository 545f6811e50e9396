using System.Globalization;
using LongContext.Cpu.Attention;
using LongContext.Data;
using LongContext.Generation.Running;
using LongContext.Models;

namespace LongContext.Tests.Generation.Running;

/// <summary>Measures the process, so nothing may run beside it.</summary>
[Collection(TensorCounting.Name)]
public sealed class CpuPageStoreTests
{
    /// <summary>2 MiB each: 4 layers × 64 tokens × 8 heads × 128 numbers × 4 bytes, keys and values.</summary>
    private const long PageBytes = 2L << 20;

    private const int Count = 120;

    [Fact]
    public void Decommit_PagesBetweenOthers_GivesTheirMemoryBack()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/statm");
        using CpuPageStore store = Create(8, 128, 4);
        Assert.Equal(PageBytes, store.Groups[0].PageBytes);
        long before = ResidentBytes();
        for (int page = 0; page < Count; page++) Fill(store, page);
        Assert.Equal(Count * PageBytes, store.CommittedBytes);
        long full = ResidentBytes();
        Assert.True(full - before > Count * PageBytes * 9 / 10, $"{full - before:N0} bytes became resident");

        // Every tenth stays.
        for (int page = 0; page < Count; page++)
        {
            if (page % 10 != 0) store.Decommit(0, page);
        }

        Assert.Equal(Count / 10 * PageBytes, store.CommittedBytes);
        long few = ResidentBytes();
        Assert.True(full - few > Count * PageBytes * 8 / 10, $"{full - few:N0} bytes were given back");
        for (int page = 0; page < Count; page += 10)
        {
            var host = new byte[PageBytes];
            store.Save(0, page, host);
            Assert.Equal(-1, host.AsSpan().IndexOfAnyExcept((byte)(page + 1)));
            store.Decommit(0, page);
        }

        Assert.Equal(0, store.CommittedBytes);
    }

    [Fact]
    public void Commit_RequestsAfterRequests_LeaveMemoryWhereItWas()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/statm");
        using CpuPageStore store = Create(8, 128, 4);
        var random = new SplitMix64(3);
        long first = 0;
        for (int request = 0; request < 30; request++)
        {
            int[] pages = [.. Enumerable.Range(0, 20)];
            random.Shuffle(pages.AsSpan());
            foreach (int page in pages) Fill(store, page);
            random.Shuffle(pages.AsSpan());
            foreach (int page in pages) store.Decommit(0, page);
            Assert.Equal(0, store.CommittedBytes);
            if (request == 4) first = ResidentBytes();
        }

        Assert.InRange(ResidentBytes() - first, long.MinValue, 10 * PageBytes);
    }

    [Fact]
    public void AddressOf_PagesOfAllSizes_AreApartAndAligned()
    {
        foreach ((int heads, int size, int layers) in new[] { (1, 8, 1), (3, 24, 5), (8, 128, 40) })
        {
            using CpuPageStore store = Create(heads, size, layers);
            var places = new List<long>();
            foreach (int page in new[] { 0, 1, 2, 7, 1023, 1024, 5000 })
            {
                store.Commit(0, page);
                unsafe
                {
                    places.Add((long)store.AddressOf(0, page));
                }
            }

            Assert.All(places, place => Assert.Equal(0, place % 64));
            long[] sorted = [.. places.Order()];
            for (int i = 1; i < sorted.Length; i++) Assert.True(sorted[i] - sorted[i - 1] >= store.Groups[0].PageBytes);
        }
    }

    private static CpuPageStore Create(int heads, int size, int layers) =>
        new(new CacheGroups([.. Enumerable.Repeat(LayerShape.Full, layers)]), new CacheLayout(heads, size, 64, CacheFormat.Float32));

    private static void Fill(CpuPageStore store, int page)
    {
        store.Commit(0, page);
        unsafe
        {
            new Span<byte>(store.AddressOf(0, page), (int)PageBytes).Fill((byte)(page + 1));
        }
    }

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
