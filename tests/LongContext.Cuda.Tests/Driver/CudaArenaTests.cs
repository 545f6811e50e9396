using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>Addresses under which memory comes and goes.</summary>
public sealed class CudaArenaTests
{
    [Fact]
    public unsafe void Map_OfSomeChunks_MakesThoseUsable()
    {
        using var driver = new EmulatedDriver(new EmulationOptions { AllowHostMemory = false });
        using var context = new CudaContext(driver, 0);
        using (var arena = new CudaArena(context, 40_000, 5_000))
        {
            Assert.Equal((8_192, 5, 0), (arena.ChunkBytes, arena.ChunkCount, driver.MappedBytes));
            arena.Map(1);
            arena.Map(2);
            Assert.Equal(2 * 8_192, driver.MappedBytes);
            // Across the border of two chunks.
            byte* value = stackalloc byte[] { 1, 2, 3, 4 }, back = stackalloc byte[4];
            nint place = arena.Address + (2 * 8_192) - 2;
            Assert.Equal(0, driver.MemoryCopyToDevice(place, value, 4, 0));
            Assert.Equal(0, driver.MemoryCopyToHost(back, place, 4, 0));
            Assert.Equal([1, 2, 3, 4], new ReadOnlySpan<byte>(back, 4).ToArray());
            Assert.Throws<EmulationException>(() => driver.MemorySet(arena.Address, 0, 4, 0));
            Assert.Throws<InvalidOperationException>(() => arena.Map(1));
            arena.Unmap(1);
            Assert.Throws<InvalidOperationException>(() => arena.Unmap(1));
            Assert.Throws<EmulationException>(() => driver.MemorySet(place, 0, 4, 0));
            Assert.Equal(8_192, driver.MappedBytes);
            arena.Map(1);
        }

        Assert.Equal(0, driver.MappedBytes);
    }

    [Fact]
    public void Map_WithoutVirtualMemory_TakesPlainMemoryAtOnce()
    {
        using var driver = new EmulatedDriver(new EmulationOptions { VirtualMemory = false });
        using var context = new CudaContext(driver, 0);
        long before = driver.AllocatedBytes;
        using (var arena = new CudaArena(context, 40_000, 5_000))
        {
            Assert.Equal((false, 5_120, 8, 8 * 5_120), (arena.IsVirtual, arena.ChunkBytes, arena.ChunkCount, arena.PlainBytes));
            Assert.Equal((before + (8 * 5_120), 0), (driver.AllocatedBytes, driver.MappedBytes));
            arena.Map(7);
            Assert.Throws<InvalidOperationException>(() => arena.Map(7));
            Assert.Equal(0, driver.MemorySet(arena.Address + (7 * 5_120), 1, 5_120, 0));
            arena.Unmap(7);
            Assert.Throws<InvalidOperationException>(() => arena.Unmap(7));
            arena.Map(7);
        }

        Assert.Equal(before, driver.AllocatedBytes);
    }

    [Theory]
    [InlineData("MemoryCreate")]
    [InlineData("MemoryMap")]
    [InlineData("MemorySetAccess")]
    public void Map_RefusedByTheDriver_ThrowsAndKeepsNothing(string call)
    {
        var driver = new ScriptedDriver();
        using var context = new CudaContext(driver, 0);
        using var arena = new CudaArena(context, 1 << 20, 1 << 16);
        int live = driver.Live.Count;
        driver.Failing.Add(call);
        Assert.Contains(call.Replace("Memory", "cuMem", StringComparison.Ordinal), Assert.Throws<CudaException>(() => arena.Map(3)).Message, StringComparison.Ordinal);
        Assert.Equal(live, driver.Live.Count);
        driver.Failing.Clear();
        arena.Map(3);
        arena.Unmap(3);
        Assert.Equal(live, driver.Live.Count);
    }

    [Fact]
    public void Map_BeyondWhatTheGpuHas_IsRefusedInTheDriversWords()
    {
        using var driver = new EmulatedDriver { MappableBytes = 8_192 };
        using var context = new CudaContext(driver, 0);
        using var arena = new CudaArena(context, 1 << 20, 4_096);
        arena.Map(0);
        arena.Map(1);
        Assert.Contains("CUDA_ERROR_OUT_OF_MEMORY", Assert.Throws<CudaException>(() => arena.Map(2)).Message, StringComparison.Ordinal);
        arena.Unmap(0);
        arena.Map(2);
    }
}
