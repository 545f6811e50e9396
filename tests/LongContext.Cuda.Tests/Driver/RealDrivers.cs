using System.Reflection;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Driver;

/// <summary>The drivers that reach a GPU: those of the assemblies that are built.</summary>
internal static class RealDrivers
{
    /// <summary>LongContext.ManagedCuda is among the references only with <c>-p:ManagedCuda=true</c>.</summary>
    public static IEnumerable<Type> All =>
        typeof(RealDrivers).Assembly.GetReferencedAssemblies()
            .Where(name => name.Name is "LongContext.Cuda" or "LongContext.ManagedCuda")
            .SelectMany(name => Assembly.Load(name).GetExportedTypes())
            .Where(type => type.IsClass && typeof(ICudaDriver).IsAssignableFrom(type));

    /// <summary>The one instance of a driver that has a property of that name, else a new one.</summary>
    public static ICudaDriver Of(Type type) =>
        (ICudaDriver)(type.GetProperty("Instance", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) ?? Activator.CreateInstance(type)!);
}
