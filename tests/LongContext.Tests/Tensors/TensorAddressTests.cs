using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Tests.Tensors;

public sealed unsafe class TensorAddressTests
{
    [Theory]
    [InlineData(ScalarType.Float32, 4)]
    [InlineData(ScalarType.BFloat16, 2)]
    [InlineData(ScalarType.Float64, 8)]
    [InlineData(ScalarType.Int32, 4)]
    [InlineData(ScalarType.Byte, 1)]
    public void Address_OfAView_IsThatOfItsFirstElement(ScalarType type, int size)
    {
        using var scope = NewDisposeScope();
        Tensor whole = zeros(6, 8, dtype: type);
        Assert.Equal(((2 * 8) + 3) * size, whole.narrow(0, 2, 2).narrow(1, 3, 4).Address() - whole.Address());
    }

    [Fact]
    public void Address_OfATensor_HoldsItsValues()
    {
        using Tensor whole = TensorArithmetic.Range(0, 5, CPU), values = whole.to(ScalarType.Int32);
        Assert.Equal([0, 1, 2, 3, 4], new ReadOnlySpan<int>((void*)values.Address(), 5).ToArray());
    }

    [Fact]
    public void Address_OfAnEmptyTensor_IsNone()
    {
        using Tensor nothing = empty(0, 4);
        Assert.Equal(0, nothing.Address());
    }

    [Fact]
    public void Address_AskedOften_AllocatesNothing()
    {
        using Tensor tensor = zeros(3);
        _ = tensor.Address();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) _ = tensor.Address();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
