using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>No real driver and no method of the seam is left untested.</summary>
public sealed class RealDriversTests
{
    [Theory]
    [InlineData(typeof(CudaDriverSuite<>))]
    [InlineData(typeof(DriverCallsSuite<>))]
    public void Suite_OfTheSeam_IsDerivedForEveryDriver(Type suite)
    {
        IEnumerable<Type> tested = typeof(RealDriversTests).Assembly.GetTypes()
            .Where(type => type.BaseType is { IsGenericType: true } parent && parent.GetGenericTypeDefinition() == suite)
            .Select(type => type.BaseType!.GetGenericArguments()[0]);
        Assert.Contains(typeof(NativeCudaDriver), RealDrivers.All);
        Assert.Equal(RealDrivers.All.OrderBy(type => type.Name), tested.OrderBy(type => type.Name));
    }

    [Fact]
    public void Methods_OfTheSeam_AreAllExpectedToBeCalled()
    {
        IEnumerable<string> methods = typeof(ICudaDriver).GetMethods().Where(method => !method.IsSpecialName).Select(method => method.Name);
        Assert.Equal(methods.Order(), ExpectedDriverCalls.Methods.Select(row => row.Data.Item1).Where(name => !name.Contains(' ', StringComparison.Ordinal)).Order());
    }
}
