using System.Text;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Batches;

/// <summary>A question with what a right answer says and what flawed ones say.</summary>
internal sealed record Exercise
{
    private static readonly string[] Names = ["Mara", "Jonas", "Ines", "Tariq", "Lena", "Oskar", "Priya", "Sven", "Wanda", "Yusuf", "Chiara", "Emeka"];
    private static readonly string[] Goods = ["notebooks", "apples", "candles", "tickets", "tiles", "seedlings", "postcards", "batteries", "bolts", "jars"];
    private static readonly string[] Places = ["market", "school fair", "workshop", "library sale", "garden centre", "station kiosk"];

    private static readonly string[] Openers =
    [
        "Let us take it step by step.", "Here is how I would approach this.", "Sure, happy to help.", "Good question.", "In short, this comes down to one point.",
        "The key is to read the request carefully.", "There are two things to settle here.", "This can be worked out directly.",
    ];

    private static readonly string[] Fillers =
    [
        "It is worth checking each step before moving on.", "The same reasoning applies if the figures change.", "I have kept the explanation short on purpose.",
        "If anything about the setting is different, the details would need another look.", "That is usually the part where mistakes happen.",
        "A quick check by hand confirms the order of magnitude.", "Feel free to ask for more detail on any of this.", "There are other ways to get there, but this one is the plainest.",
        "I have assumed that nothing else is meant by the question.", "Writing it down once makes it easier to see.", "None of this needs special tools.",
        "The rest follows from what was said above.", "In practice this is enough for most purposes.", "One could go further, but the request does not call for it.",
    ];

    private static readonly string[] Closers =
    [
        "I hope this helps.", "That settles it.", "Let me know if something is unclear.", "That is all there is to it.", "So much for the short version.", "This should be what you need.",
    ];

    private static readonly Topic[] Topics =
    [
        new("How can I keep a sourdough starter alive while I am away for {0} days?",
            ["Feed it, let it rise for an hour, and keep it in the fridge, where it rests for {0} days without harm.", "Put it in the fridge right after a feeding; cold slows it down enough for {0} days."],
            ["Leave it on the counter, it will be fine for {0} days without any feeding.", "Freeze it in an open bowl and thaw it in the oven when you return.", "Bread is one of the oldest prepared foods and comes in many shapes."]),
        new("Write a friendly two-sentence reminder to my flatmate that the rent is due in {0} days.",
            ["Hi there, just a small reminder that the rent is due in {0} days. Tell me if you would like to sort it out together this week!", "Hey, the rent comes up in {0} days, so I wanted to mention it early. Thanks for taking care of your half!"],
            ["Pay the rent within {0} days or look for another room.", "Rent is a payment made by a tenant. It is often due monthly. Many contracts name a date. Reminders are common.", "Hello, I hope all is well. The weather has been lovely. Do you remember our trip? We should cook again. By the way, money."]),
        new("Is it safe to clean a wooden cutting board with vinegar {0} times a week?",
            ["Yes, diluted vinegar {0} times a week is fine as long as the board dries upright and is oiled from time to time.", "It is: vinegar is mild, and {0} times a week does no harm if you rinse, dry and oil the board."],
            ["No, vinegar is a strong poison and must never touch wood.", "Mix the vinegar with bleach for the best result.", "Cutting boards are made of maple, beech, bamboo or plastic."]),
        new("Suggest a plan for learning the basics of chess in {0} weeks.",
            ["Spend the first third on the rules and simple mates, the second on tactics puzzles every day, and the rest of the {0} weeks on slow games that you go over afterwards.", "For {0} weeks, play one slow game a day, solve ten puzzles, and read up on one basic ending each weekend."],
            ["Memorise twenty opening lines per day for {0} weeks and skip everything else.", "Chess was played in Persia long before it reached Europe.", "Just watch others play for {0} weeks, practice is not needed."]),
        new("My basil plant on the windowsill droops after {0} days without water. What should I do?",
            ["Water it thoroughly from below, let the excess drain, and from now on check the soil with a finger well before {0} days have passed.", "Stand the pot in water for half an hour; basil recovers quickly. Then water before the top of the soil is dry rather than after {0} days."],
            ["Put it in full darkness for {0} days so that it can rest.", "Basil drooping means too much air, so wrap it in foil.", "Basil goes well with tomatoes and mozzarella."]),
        new("Explain to a child of {0} why the sky is blue.",
            ["Sunlight is a mix of all colours, and the air bounces the blue part around much more than the rest, so blue comes to your eyes from everywhere.", "The air is full of tiny bits that toss blue light about like balls, and that is why you see blue wherever you look up."],
            ["The sky is blue because it mirrors the oceans.", "Rayleigh scattering goes with the inverse fourth power of the wavelength, quod erat demonstrandum.", "The sky is blue because somebody painted it so."]),
    ];

    private static readonly CodeTask[] CodeTasks =
    [
        new("Write a Python function that returns the sum of the even numbers from 1 to {0}.", "def even_sum():\n    return sum(range(2, {0} + 1, 2))",
            ["def even_sum():\n    return sum(range(2, {0}, 2))", "def even_sum():\n    return sum(range(1, {0} + 1))", "def even_sum():\n    total = 0\n    for n in range({0}):\n        if n % 2:\n            total += n\n    return total"]),
        new("Write a Python function that tells whether a list holds more than {0} distinct values.", "def has_more(values):\n    return len(set(values)) > {0}",
            ["def has_more(values):\n    return len(values) > {0}", "def has_more(values):\n    return len(set(values)) >= {0}", "def has_more(values):\n    return set(values) > {0}"]),
        new("Write a Python function that splits a list into chunks of {0}.", "def chunks(items):\n    return [items[i:i + {0}] for i in range(0, len(items), {0})]",
            ["def chunks(items):\n    return [items[i:i + {0}] for i in range(len(items))]", "def chunks(items):\n    return [items[i::{0}] for i in range({0})]", "def chunks(items):\n    return items[:{0}], items[{0}:]"]),
        new("Write a Python function that returns the last {0} lines of a text.", "def tail(text):\n    return text.splitlines()[-{0}:]",
            ["def tail(text):\n    return text.splitlines()[:{0}]", "def tail(text):\n    return text.splitlines()[-{0}]", "def tail(text):\n    return text[-{0}:]"]),
        new("Write a Python function that rotates a list to the left by {0} places.", "def rotate(items):\n    k = {0} % len(items) if items else 0\n    return items[k:] + items[:k]",
            ["def rotate(items):\n    return items[-{0}:] + items[:-{0}]", "def rotate(items):\n    items.pop({0})\n    return items", "def rotate(items):\n    return items[{0}:]"]),
    ];

    /// <summary>What the asker wants.</summary>
    public required string Question { get; init; }

    /// <summary>An opening turn of a longer conversation.</summary>
    public required string Greeting { get; init; }

    /// <summary>The assistant's answer to it.</summary>
    public required string Greeted { get; init; }

    /// <summary>A reference answer, where there is one.</summary>
    public string? Reference { get; init; }

    private IReadOnlyList<string> Right { get; init; } = [];

    private IReadOnlyList<string> Flawed { get; init; } = [];

    // The responses of a rollout have different flaws as far as there are enough.
    private int FirstFlaw { get; init; }

    /// <summary>Draws an exercise of a domain.</summary>
    public static Exercise Draw(string domain, ref SeededRandom random)
    {
        Exercise exercise = domain switch
        {
            "math" => Arithmetic(ref random),
            "code" => Code(ref random),
            _ => Chat(ref random),
        };
        return exercise with { FirstFlaw = random.Next(exercise.Flawed.Count) };
    }

    /// <summary>Words a response: number 0 is right, the others are flawed.</summary>
    public string Respond(int number, int minTokens, int maxTokens, ref SeededRandom random)
    {
        int target = TokenCount.Characters * (minTokens + random.Next(maxTokens - minTokens + 1));
        string substance = number == 0 ? Pick(Right, ref random) : Flawed[(number - 1 + FirstFlaw) % Flawed.Count];
        var text = new StringBuilder(target + 200);
        string gap = substance.Contains('\n', StringComparison.Ordinal) ? "\n\n" : " ";
        text.Append(Pick(Openers, ref random)).Append(gap).Append(substance).Append(gap);

        // In turn, so that no sentence stands twice close together.
        int filler = random.Next(Fillers.Length);
        text.Append(Fillers[filler]);
        while (text.Length < target - 40)
        {
            filler = (filler + 5) % Fillers.Length;
            text.Append(random.Next(6) == 0 ? "\n\n" : " ").Append(Fillers[filler]);
        }

        return text.Append(' ').Append(Pick(Closers, ref random)).ToString();
    }

    private static Exercise Arithmetic(ref SeededRandom random)
    {
        string name = Pick(Names, ref random);
        string goods = Pick(Goods, ref random);
        int boxes = 3 + random.Next(40);
        int each = 4 + random.Next(30);
        int gone = 1 + random.Next(boxes * each / 2);
        int right = (boxes * each) - gone;
        int[] wrong = [(boxes * each) + gone, (boxes * each) - gone + 10, boxes * (each - 1), ((boxes - 1) * each) - gone + 1, right - 1, right + each + 2];
        return new Exercise
        {
            Question = $"{name} brings {boxes} boxes with {each} {goods} each to the {Pick(Places, ref random)} and has sold {gone} of them by noon. How many {goods} are left?",
            Greeting = "I am practising word problems for a test next week. Can you check my work later?",
            Greeted = "Of course. Send me a problem whenever you are ready.",
            Reference = $"{boxes} × {each} − {gone} = {right}",
            Right =
            [
                $"{boxes} boxes of {each} make {boxes * each} {goods}; after selling {gone}, {right} are left.",
                $"We need {boxes} × {each} − {gone}. The product is {boxes * each}, and {boxes * each} − {gone} = {right}. There are {right} {goods} left.",
                $"{name} starts with {boxes * each} {goods} and sells {gone}, so the answer is {right}.",
            ],
            Flawed =
            [
                .. wrong.Where(w => w != right).Distinct().Select(w => $"{name} has {boxes} boxes with {each} {goods} each and sells {gone}, which leaves {w}."),
                .. wrong.Where(w => w != right).Distinct().Select(w => $"Multiplying and subtracting gives {w}, so {w} {goods} are left."),
            ],
        };
    }

    private static Exercise Code(ref SeededRandom random)
    {
        CodeTask task = CodeTasks[random.Next(CodeTasks.Length)];
        int number = 2 + random.Next(60);
        return new Exercise
        {
            Question = With(task.Question, number),
            Greeting = "I am new to Python and like short functions with a word of explanation.",
            Greeted = "Understood: short functions, briefly explained. What do you need?",
            Reference = Fence(With(task.Right, number)),
            Right = [Fence(With(task.Right, number))],
            Flawed = [.. task.Flawed.Select(f => Fence(With(f, number)))],
        };
    }

    private static Exercise Chat(ref SeededRandom random)
    {
        Topic topic = Topics[random.Next(Topics.Length)];
        int number = 3 + random.Next(9);
        return new Exercise
        {
            Question = With(topic.Question, number),
            Greeting = "Hi! I have an everyday question, and I would like a plain answer.",
            Greeted = "Hi! Go ahead, I will keep it plain.",
            Right = [.. topic.Right.Select(r => With(r, number))],
            Flawed = [.. topic.Flawed.Select(f => With(f, number))],
        };
    }

    private static string With(string template, int number) => template.Replace("{0}", number.ToString(), StringComparison.Ordinal);

    private static string Fence(string code) => $"```python\n{code}\n```";

    private static string Pick(IReadOnlyList<string> pool, ref SeededRandom random) => pool[random.Next(pool.Count)];

    private sealed record Topic(string Question, string[] Right, string[] Flawed);

    private sealed record CodeTask(string Question, string Right, string[] Flawed);
}
