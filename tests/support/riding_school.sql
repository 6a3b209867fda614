-- A riding school with its stables, horses, riders and lessons: a schema like those that people bring, with columns of the kinds that they have.
CREATE TABLE stables (stable_id INTEGER PRIMARY KEY, name VARCHAR, town VARCHAR, opened_year INTEGER, boxes INTEGER);
INSERT INTO stables VALUES
    (1, 'Hill Farm', 'Alton', 1987, 24), (2, 'Long Meadow', 'Bray', 1999, 40), (3, 'Old Mill', 'Alton', 2011, 12), (4, 'Sand Lane', 'Corby', 2011, 18);
CREATE TABLE horses (
    horse_id INTEGER PRIMARY KEY, name VARCHAR, breed VARCHAR, age VARCHAR, height_cm DOUBLE, stable_id INTEGER REFERENCES stables (stable_id));
INSERT INTO horses VALUES
    (1, 'Bramble', 'Arab', '7', 152.0, 1), (2, 'Comet', 'Arab', '12', 149.5, 1), (3, 'Duchess', 'Hanoverian', '9', 168.0, 2),
    (4, 'Ember', 'Fjord', '15', 141.0, 2), (5, 'Flint', 'Fjord', '4', 139.5, 2), (6, 'Grace', 'Hanoverian', '9', 171.0, 3);
CREATE TABLE riders (rider_id INTEGER PRIMARY KEY, first_name VARCHAR, last_name VARCHAR, town VARCHAR, level VARCHAR, joined VARCHAR);
INSERT INTO riders VALUES
    (10, 'Ada', 'Brook', 'Alton', 'beginner', '03 Feb 2021'), (11, 'Ben', 'Cole', 'Bray', 'advanced', '17 Aug 2019'),
    (12, 'Cleo', 'Dean', 'Alton', 'advanced', '01 Mar 2020'), (13, 'Dov', 'Ellis', 'Corby', 'beginner', '22 Nov 2022');
-- No keys are declared here, and the lesson's key is of another type.
CREATE TABLE lessons (lesson_no BIGINT, rider_id BIGINT, horse_id BIGINT, held_on DATE, minutes INTEGER, fee DECIMAL(8, 2));
INSERT INTO lessons VALUES
    (1, 10, 1, DATE '2023-01-10', 45, 40.00), (2, 10, 3, DATE '2023-02-01', 60, 55.00), (3, 11, 3, DATE '2023-02-14', 60, 55.00),
    (4, 11, 4, DATE '2023-03-02', 45, 40.00), (5, 11, 1, DATE '2023-03-20', 45, 40.00), (6, 12, 3, DATE '2023-04-05', 90, 80.00),
    (7, 10, 4, DATE '2023-05-06', 45, 42.00);
