using System.Reflection;
using System.Xml.Linq;
using Mono.Cecil;
using Tribunal.Testing;

namespace Tribunal.Cli.Tests;

/// <summary>Arrows run one way between projects and between the folders of a project, and the domain does no I/O.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Tribunal"] = [],
        ["Tribunal.Formats"] = ["Tribunal"],
        ["Tribunal.Inference"] = ["Tribunal"],
        ["Tribunal.Learning"] = ["Tribunal"],
        ["Tribunal.Simulator"] = ["Tribunal"],
        ["Tribunal.Runs"] = ["Tribunal", "Tribunal.Formats"],
        ["Tribunal.Reports"] = ["Tribunal", "Tribunal.Formats", "Tribunal.Runs"],
        ["Tribunal.Viewer"] = ["Tribunal", "Tribunal.Formats", "Tribunal.Runs", "Tribunal.Reports"],
        ["Tribunal.Azure"] = ["Tribunal", "Tribunal.Formats", "Tribunal.Inference", "Tribunal.Runs", "Tribunal.Simulator"],
        ["Tribunal.RewardServer"] = ["Tribunal", "Tribunal.Formats", "Tribunal.Runs"],
        ["Tribunal.Worker"] = ["Tribunal", "Tribunal.Runs", "Tribunal.Reports", "Tribunal.Azure"],
        ["Tribunal.Cli"] =
        [
            "Tribunal", "Tribunal.Formats", "Tribunal.Inference", "Tribunal.Learning", "Tribunal.Runs", "Tribunal.Reports", "Tribunal.Azure",
            "Tribunal.RewardServer", "Tribunal.Simulator", "Tribunal.Viewer", "Tribunal.Worker",
        ],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(Path.Combine(RepositoryFolder.Root(), "src")).Select(static path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_to_what_stands_before_it_and_to_nothing_else(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(RepositoryFolder.Root(), "src", project, project + ".csproj"));
        IEnumerable<string> references = file.Descendants("ProjectReference").Select(static r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Equal(Arrows[project].Order(StringComparer.Ordinal), references.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_file_is_compiled_into_two_assemblies()
    {
        IEnumerable<string> projects = ((string[])["src", "functions", "infra", "tests"]).SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), folder), "*.csproj", SearchOption.AllDirectories));
        Assert.All(projects, static project => Assert.Empty(XDocument.Load(project).Descendants("Compile").Attributes("Include")));
    }

    [Fact]
    public void No_file_of_the_product_is_longer_than_400_lines()
    {
        string[] files = [.. ((string[])["src", "functions"])
            .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), folder), "*.cs", SearchOption.AllDirectories))
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal))];
        Assert.True(files.Length > 100);
        Assert.All(files, static path => Assert.True(File.ReadLines(path).Count() <= 400, path));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_two_folders_of_a_project_need_each_other(string project)
    {
        using ModuleDefinition module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, project + ".dll"));
        var needs = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        foreach (TypeDefinition type in module.Types.Where(type => IsOurs(type, project)))
        {
            HashSet<string> needed = needs.TryGetValue(type.Namespace, out HashSet<string>? known) ? known : needs[type.Namespace] = new HashSet<string>(StringComparer.Ordinal);
            foreach (TypeReference reference in ReferencesOf(type))
            {
                TypeReference outermost = reference;
                while (outermost.DeclaringType is { } around)
                {
                    outermost = around;
                }

                if (outermost.Namespace != type.Namespace && module.GetType(outermost.FullName) is { } own && IsOurs(own, project))
                {
                    needed.Add(own.Namespace);
                }
            }
        }

        Assert.NotEmpty(needs);
        Assert.All(needs.Keys, start => Assert.Null(Circle(start, needs)));
    }

    [Fact]
    public void The_domain_refers_to_no_network_no_Azure_and_no_host()
    {
        string[] forbidden = ["System.Net", "Azure", "OpenAI", "Microsoft.Extensions", "Microsoft.AspNetCore", "System.IO.FileSystem", "Parquet"];
        AssemblyName[] references = typeof(Tribunal.Rollouts.Rollout).Assembly.GetReferencedAssemblies();
        Assert.DoesNotContain(references, reference => forbidden.Any(name => reference.Name!.StartsWith(name, StringComparison.Ordinal)));
    }

    [Fact]
    public void Only_the_Azure_project_and_what_signs_in_refer_to_Azure()
    {
        string[] users = [.. Projects.Select(static row => row.Data).Where(static project =>
        {
            using ModuleDefinition module = ModuleDefinition.ReadModule(Path.Combine(AppContext.BaseDirectory, project + ".dll"));
            return module.AssemblyReferences.Any(static reference => reference.Name.StartsWith("Azure.", StringComparison.Ordinal));
        }).Order(StringComparer.Ordinal)];
        Assert.Equal(["Tribunal.Azure", "Tribunal.Cli", "Tribunal.Inference", "Tribunal.Worker"], users);
    }

    [Fact]
    public void The_domain_opens_no_file()
    {
        string[] offenders = [.. Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), "src", "Tribunal"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal))
            .Where(static path => File.ReadAllText(path) is var text
                && (text.Contains("FileStream", StringComparison.Ordinal) || text.Contains("File.Read", StringComparison.Ordinal) || text.Contains("File.Open", StringComparison.Ordinal)))];
        Assert.Empty(offenders);
    }

    [Fact]
    public void Only_the_commands_that_train_touch_what_loads_a_learning_library()
    {
        // Everything else starts without ML.NET: a model file is evaluated by the domain.
        string[] users = [.. Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/Tribunal.Learning/", StringComparison.Ordinal))
            .Where(static path => File.ReadAllText(path) is var text && (text.Contains("Tribunal.Learning", StringComparison.Ordinal) || text.Contains("Microsoft.ML", StringComparison.Ordinal)))
            .Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Equal(["CliJson.cs", "TrainMetaCommand.cs", "TrainPanelCommand.cs"], users);
    }

    // A JSON context names every contract of its assembly, and every folder uses it.
    private static bool IsOurs(TypeDefinition type, string project) =>
        (type.Namespace == project || type.Namespace.StartsWith(project + ".", StringComparison.Ordinal)) && type.BaseType?.Name != "JsonSerializerContext";

    private static string? Circle(string start, Dictionary<string, HashSet<string>> needs)
    {
        var ways = new Queue<string[]>([[start]]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (ways.TryDequeue(out string[]? way))
        {
            foreach (string next in needs.GetValueOrDefault(way[^1]) ?? [])
            {
                if (next == start)
                {
                    return string.Join(" needs ", [.. way, start]);
                }

                if (seen.Add(next))
                {
                    ways.Enqueue([.. way, next]);
                }
            }
        }

        return null;
    }

    private static IEnumerable<TypeReference> ReferencesOf(TypeDefinition type)
    {
        IEnumerable<TypeReference?> members =
        [
            type.BaseType,
            .. type.Interfaces.Select(static i => i.InterfaceType),
            .. type.Fields.Select(static field => field.FieldType),
            .. type.Methods.SelectMany(Signature),
            .. type.Methods.Where(static method => method.HasBody).SelectMany(static method => Body(method.Body)),
        ];
        return members.SelectMany(Parts).Concat(type.NestedTypes.SelectMany(ReferencesOf));
    }

    private static IEnumerable<TypeReference?> Signature(MethodReference method) =>
        [method.DeclaringType, method.ReturnType, .. method.Parameters.Select(static parameter => parameter.ParameterType), .. (method as GenericInstanceMethod)?.GenericArguments ?? []];

    private static IEnumerable<TypeReference?> Body(Mono.Cecil.Cil.MethodBody body) =>
    [
        .. body.Variables.Select(static variable => variable.VariableType),
        .. body.ExceptionHandlers.Select(static handler => handler.CatchType),
        .. body.Instructions.SelectMany(static instruction => instruction.Operand switch
        {
            MethodReference method => Signature(method),
            FieldReference field => [field.DeclaringType, field.FieldType],
            TypeReference named => [named],
            _ => [],
        }),
    ];

    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification wrapped => Parts(wrapped.ElementType),
        _ => [type],
    };
}
